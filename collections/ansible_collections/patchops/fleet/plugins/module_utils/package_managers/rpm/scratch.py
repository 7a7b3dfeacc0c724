# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpm leaves lying when it is killed while it unpacks.

It writes each file as ``NAME;XXXXXXXX`` beside its place, the number being its transaction's, and renames it
when it is whole. The next transaction has another number, so that nobody ever takes the old ones away.
"""

import os
import re
import stat
from typing import Collection, Dict, Iterable, List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command
from ansible_collections.patchops.fleet.plugins.module_utils.untrusted_paths import opened_directory

_SCRATCH = re.compile(r"(.+);[0-9a-f]{8}", re.DOTALL)


def scratch_of(names: Collection[str], present: Iterable[str]) -> List[str]:
    """Return what, of the entries `present` of a directory, rpm wrote in place of its files `names`. Pure."""
    found = [(entry, _SCRATCH.fullmatch(entry)) for entry in present]
    return sorted(entry for entry, match in found if match and match.group(1) in names)


def by_directory(paths: Iterable[str]) -> Dict[str, Set[str]]:
    """Return the names of files by the directory that they are in. Pure."""
    found: Dict[str, Set[str]] = {}
    for path in paths:
        directory, name = os.path.split(path)
        found.setdefault(directory, set()).add(name)
    return found


def clear(packages: List[str]) -> List[str]:
    """Remove the scratch files of package files; return their paths, sorted.

    Only files and links that no package owns. What can't be removed stays.
    """
    removed = []
    for directory, names in by_directory(command.read_file_names(packages)).items():
        try:
            with opened_directory(directory) as place:
                removed += [os.path.join(directory, one) for one in _clear(place, directory, names)]
        except OSError:
            continue  # it never came to be, or is none that rpm would write to
    return sorted(removed)


def _clear(place: int, directory: str, names: Set[str]) -> List[str]:
    found = [one for one in scratch_of(names, os.listdir(place)) if _is_plain(place, one)]
    unowned = command.read_unowned([os.path.join(directory, one) for one in found])
    return [one for one in found if os.path.join(directory, one) in unowned and _is_removed(place, one)]


def _is_plain(place: int, name: str) -> bool:
    mode = os.lstat(name, dir_fd=place).st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _is_removed(place: int, name: str) -> bool:
    try:
        os.unlink(name, dir_fd=place)
    except OSError:
        return False
    return True
