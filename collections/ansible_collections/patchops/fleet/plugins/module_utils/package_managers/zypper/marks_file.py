# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages came for others: zypper keeps their names in a file, and has no command that sets them."""

import os
from typing import Iterable, Set

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none
from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file

PATH = "/var/lib/zypp/AutoInstalled"


def read() -> Set[str]:
    """Return the names of the packages that came for others."""
    lines = (read_text_or_none(PATH) or "").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def change(automatic: Iterable[str], manual: Iterable[str]) -> None:
    """Make packages (names) automatic or manual ones; the others stay what they are."""
    present = read()
    wanted = (present | set(automatic)) - (set(manual) - set(automatic))
    if wanted == present:
        return
    lines = (read_text_or_none(PATH) or "").splitlines()
    kept = [line for line in lines if line.startswith("#") or line.strip() in wanted]
    text = "".join(f"{line}\n" for line in kept + sorted(wanted - present))
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    write_file(PATH, text.encode("utf-8"), mode=0o644)
