# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The .pacnew files that pacman puts beside configuration files that somebody has edited.

They are for the administrator to look at. Taken back together with the package they would only mislead.
"""

import contextlib
import os
import re
from typing import List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.untrusted_paths import opened_directory

_BROUGHT = re.compile(r"^warning: .+ installed as (/.+\.pacnew)$", re.MULTILINE)
_NOTE = "+ new beside an edited file: "


def present(directory: str = "/etc") -> Set[str]:
    """Return those that are there."""
    return {
        os.path.join(place, name)
        for place, _directories, names in os.walk(directory)
        for name in names
        if name.endswith(".pacnew")
    }


def note(output: str, before: Set[str], log: str) -> None:
    """Write into `log` which ones a change has brought that were not there `before`."""
    new = sorted(set(_BROUGHT.findall(output)) - before)
    with open(log, "a", encoding="utf-8") as stream:
        stream.writelines(f"{_NOTE}{path}\n" for path in new)


def noted(log: str) -> List[str]:
    """Return those that the changes in `log` have brought."""
    with open(log, encoding="utf-8", errors="replace") as stream:
        return [line[len(_NOTE) :].rstrip("\n") for line in stream if line.startswith(_NOTE)]


def remove(log: str) -> None:
    """Remove those that the changes in `log` have brought."""
    for path in noted(log):
        directory, name = os.path.split(path)
        if not name.endswith(".pacnew"):
            continue
        with contextlib.suppress(OSError), opened_directory(directory) as place:
            os.unlink(name, dir_fd=place)
