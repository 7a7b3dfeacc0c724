# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newer versions for what is installed, as zypper chooses them, with the advisories that they answer."""

import os
from typing import Any, Dict, List, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.repodata import obsoletes
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import answers, command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.answers import (
    Locks,
    Offer,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.catalog import Catalog

_LOCKS = "/etc/zypp/locks"

# The installed package, what would come for it, and whether a lock keeps that away.
Pair = Tuple[Package, Package, bool]


def read_locks() -> Locks:
    """Return what the host's locks of packages keep as it is."""
    try:
        if not os.path.getsize(_LOCKS):
            return Locks(set(), set())
    except OSError:
        return Locks(set(), set())
    answer = command.ask(["locks", "--solvables"])
    if answer.rc != command.REPOSITORIES_SKIPPED:
        command.expect("locks", answer)
    return answers.locks(answer.root)


def read_updates(catalog: Catalog, installed: List[Package], locks: Locks) -> List[Dict[str, Any]]:
    """Return the updates for the host document, those that can't be installed included."""
    catalog.read({one.name for one in installed})
    offers = _listed([])
    pairs = [(before, after, False) for before, after in _paired(catalog, installed, offers)]
    pairs += _kept_away(catalog, installed, locks, {(one.name, one.arch) for one in offers})
    found = [_entry(catalog, pair, locks, None) for pair in pairs]
    for before, after in replacements(catalog, installed):
        blocked = (after.name, after.arch, after.version) in locks.blocked
        found.append(_entry(catalog, (before, after, blocked), locks, after.name))
    return sorted(found, key=lambda one: (one["name"], one["arch"]))


def replacements(catalog: Catalog, installed: List[Package]) -> List[Tuple[Package, Package]]:
    """Return the installed packages that an offered one of another name obsoletes, each with that one."""
    present = {one.name for one in installed}
    return [
        (before, after)
        for after in catalog.replacing(installed)
        for before in installed
        # zypper doesn't let one vendor replace another one's packages.
        if after.name not in present and after.vendor == before.vendor and obsoletes(after, before)
    ]


def _listed(options: List[str]) -> List[Offer]:
    answer = command.ask(["list-updates"] + options)
    # A repository that it skips is an error of `repositories`; without any there is nothing to offer.
    if answer.rc not in (command.REPOSITORIES_SKIPPED, command.NO_REPOSITORIES):
        command.expect("list-updates", answer)
    return answers.updates(answer.root)


def _paired(catalog: Catalog, installed: List[Package], offers: List[Offer]) -> List[Tuple[Package, Package]]:
    newest = rpm_packages.newest(installed)
    pairs = []
    for offer in offers:
        before = newest.get((offer.name, offer.arch)) or next(
            (newest[key] for key in newest if key[0] == offer.name), None
        )
        if before is not None:
            after = catalog.find(offer.name, offer.arch, offer.version, offer.repository)
            pairs.append((before, after or catalog.add(offer)))
    return pairs


def _kept_away(
    catalog: Catalog, installed: List[Package], locks: Locks, listed: Set[Tuple[str, str]]
) -> List[Pair]:
    """Return what `list-updates` leaves out: what locks or dependencies keep away.

    With --all it tells of that, and of versions that are none for this host: of another vendor, or of a
    repository that has to stand back behind another one with the package.
    """
    found = []
    for before, after in _paired(catalog, installed, _listed(["--all"])):
        if (after.name, after.arch) in listed or before.vendor != after.vendor:
            continue
        if catalog.is_preferred(after):
            found.append((before, after, (after.name, after.arch, after.version) in locks.blocked))
    return found


def _entry(catalog: Catalog, pair: Pair, locks: Locks, replaced_by: Optional[str]) -> Dict[str, Any]:
    before, after, blocked = pair
    since = None if replaced_by else before.version
    advisories = catalog.advisories().between(after.name, after.arch, since, after.version)
    return rpm_packages.update_entry(
        before, after, advisories, blocked, before.name in locks.held, replaced_by
    )
