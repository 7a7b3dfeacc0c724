# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which newer versions the repositories offer for what is installed."""

import fnmatch
from typing import Any, Dict, Iterable, List, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    lists,
    versions,
    view,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package


def first_offers(offered: Dict[str, List[Package]], configuration: Configuration) -> Dict[str, Package]:
    """Return the offers by name: of several repositories the first in the configuration counts. Pure."""
    found: Dict[str, Package] = {}
    for repository in configuration.repositories:
        for one in offered.get(repository["id"], ()):
            found.setdefault(one.name, one)
    return found


def held_names(installed: Iterable[Package], packages: List[str], groups: List[str]) -> List[str]:
    """Return the installed packages that the patterns of IgnorePkg and IgnoreGroup hold, sorted. Pure."""
    return sorted(
        one.name
        for one in installed
        if any(fnmatch.fnmatchcase(one.name, pattern) for pattern in packages)
        or any(fnmatch.fnmatchcase(group, pattern) for group in one.groups for pattern in groups)
    )


def read_upgradable(configuration: Configuration) -> List[str]:
    """Return the names of the packages for which pacman knows a newer version; raises DriverError."""
    never = lists.never_read(configuration)
    if never:
        raise DriverError(
            "repository_unreadable",
            "What is newer is not known: never read were the repositories " + ", ".join(never) + ".",
            "Refresh (refresh: true, as root).",
        )
    with view.View(
        configuration.for_reading(), configuration.database, lists.directory(configuration)
    ) as asked:
        result = asked.run(["-Qu"])
    # Its exit code is 1 also when there is none.
    complaints = view.errors(result._replace(rc=0))
    if complaints:
        raise DriverError(
            "repository_unreadable",
            "pacman can't say what is newer: " + view.described(complaints),
            "Refresh, and repair the repositories in /etc/pacman.conf.",
        )
    return [line.split()[0] for line in result.stdout.splitlines() if " -> " in line]


def find_updates(
    installed: Dict[str, Package],
    offers: Dict[str, Package],
    upgradable: List[str],
    holds: List[str],
    blocked: Dict[str, Set[str]],
) -> List[Dict[str, Any]]:
    """Return the updates; replacements by packages of other names included."""
    found = {
        name: _update(installed[name], offers[name], holds, blocked) for name in upgradable if name in offers
    }
    replaced = [
        (old, new)
        for new in offers.values()
        for condition in new.replaces
        for old in [_replaced_by(condition, new, installed)]
        if old is not None
    ]
    for old, new in replaced:
        found[old.name] = dict(_update(old, new, holds, blocked), replaced_by=new.name)
    return [found[name] for name in sorted(found)]


def _replaced_by(condition: str, new: Package, installed: Dict[str, Package]) -> Optional[Package]:
    old = installed.get(versions.without_condition(condition))
    if old is None or old.name == new.name:
        return None
    return old if versions.fits(old.version, condition) else None


def _update(
    present: Package, offer: Package, holds: List[str], blocked: Dict[str, Set[str]]
) -> Dict[str, Any]:
    return {
        "name": present.name,
        "arch": offer.arch,
        "installed": present.version,
        "candidate": offer.version,
        "origin": offer.repository,
        "label": None,
        "suite": offer.repository,
        "security": False,
        "held": present.name in holds,
        "blocked": offer.version in blocked.get(offer.name, ()),
        "source": offer.base,
        "source_version": offer.version,
        "sha256": offer.sha256,
        "size": offer.download_size,
    }
