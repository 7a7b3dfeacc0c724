# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which newer versions apk knows of, and which of them it would take. Pure.

As printed by apk 2.14::

    git-init-template-2.45.4-r0             < 2.47.3-r0
    (1/4) Upgrading git (2.45.4-r0 -> 2.47.3-r0)
"""

import re
from typing import Any, Dict, List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apk.installed_and_world import (
    Package,
)

_NEWER = re.compile(r"^(\S+)\s+<\s+(\S+)(?:\s+(@\S+))?\s*$", re.MULTILINE)
_UPGRADE = re.compile(r"^\(\s*\d+/\d+\) Upgrading (\S+) \((\S+) -> (\S+)\)", re.MULTILINE)


def find_updates(
    installed: List[Package], versions: str, simulation: str, holds: List[str]
) -> List[Dict[str, Any]]:
    """Return the updates that `apk version -l '<'` names; `simulation`: what `apk upgrade -s` prints.

    A version that apk would not take, and that nobody holds, is blocked: by another package's wishes.
    """
    by_entry = {f"{one.name}-{one.version}": one for one in installed}
    taken = taken_versions(simulation)
    found = []
    for entry, candidate, tag in _NEWER.findall(versions):
        one = by_entry.get(entry)
        if one is None:
            continue
        found.append(
            {
                "name": one.name,
                "arch": one.arch,
                "installed": one.version,
                "candidate": candidate,
                "origin": None,
                "label": None,
                "suite": tag or None,
                "security": False,
                "held": one.name in holds,
                "blocked": one.name not in holds and f"{one.name}-{candidate}" not in taken,
                "source": one.origin,
                "source_version": candidate,
                "sha256": None,
                "size": None,
            }
        )
    return found


def taken_versions(simulation: str) -> Set[str]:
    """Return ``name-version`` of what an upgrade would install."""
    return {f"{name}-{after}" for name, _before, after in _UPGRADE.findall(simulation)}
