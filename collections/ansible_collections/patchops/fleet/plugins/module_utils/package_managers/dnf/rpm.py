# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rpm command answers without dnf."""

import re
from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_UNOWNED = re.compile(r"^(?:file .* is not owned by any package|error: file .*)$")


def read_owners(paths: List[str]) -> Dict[str, str]:
    """Return the package of each path that one owns."""
    return parse_owners(run(["rpm", "-qf", "--queryformat", "%{NAME}\\n"] + paths).stdout, paths)


def parse_owners(text: str, paths: List[str]) -> Dict[str, str]:
    """Return the owners that `rpm -qf` prints, one line a path in their order."""
    lines = [line for line in text.splitlines() if line]
    if len(lines) != len(paths):
        return {}  # a path with two owners: which line is whose can't be told
    return {path: lines[place] for place, path in enumerate(paths) if not _UNOWNED.match(lines[place])}
