# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newer versions for what is installed, as zypper chooses them, with the advisories that they answer."""

import os
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause, KeptBack
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import rpm_packages
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.choice import Pair
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
    pairs = _pairs(catalog, installed, locks)
    for before, after in replacements(catalog, installed):
        blocked = (after.name, after.arch, after.version) in locks.blocked
        pairs.append(Pair(before, after, blocked, after if blocked else None, replaced_by=after.name))
    found = [_entry(catalog, pair, locks) for pair in pairs]
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


def _pairs(catalog: Catalog, installed: List[Package], locks: Locks) -> List[Pair]:
    """Return what zypper would take, and what it leaves out.

    With --all it tells of what locks and dependencies keep away, and of versions that it passes over: of
    another vendor, or of a repository that has to stand back behind another one with the package. The last
    two count where they close security holes.
    """
    newest = {(pair[1].name, pair[1].arch): pair for pair in _paired(catalog, installed, _listed(["--all"]))}
    pairs = []
    for before, after in _paired(catalog, installed, _listed([])):
        _before, last = newest.pop((after.name, after.arch), (before, after))
        pairs.append(Pair(before, after, passed_over=last if rpm_packages.older(after, last) else None))
    for before, after in newest.values():
        if before.vendor == after.vendor and catalog.is_preferred(after):
            blocked = (after.name, after.arch, after.version) in locks.blocked
            pairs.append(Pair(before, after, blocked, after if blocked else None))
        elif _closes_holes(catalog, before.version, after):
            pairs.append(Pair(before, after, True, after))
    return pairs


def _closes_holes(catalog: Catalog, since: str, after: Package) -> bool:
    found = catalog.advisories().between(after.name, after.arch, since, after.version)
    return any(one["type"] == "security" for one in found)


def _kept_back(catalog: Catalog, pair: Pair) -> Optional[KeptBack]:
    kept = pair.passed_over
    if kept is None:
        return None
    since = pair.before.version if pair.blocked else pair.after.version
    security = _closes_holes(catalog, since, kept)
    if not pair.blocked and not security:
        return None
    told = f"{kept.version} of {kept.repository}"
    if not pair.replaced_by and pair.before.vendor != kept.vendor:
        was, comes = pair.before.vendor or "nobody", kept.vendor or "nobody"
        reason = f"{told} is of another vendor ({comes}) than what is installed ({was})"
        return KeptBack(kept.version, Cause.VENDOR, reason, security)
    if not catalog.is_preferred(kept):
        reason = f"{told} stands back: a repository of a better priority has the package"
        return KeptBack(kept.version, Cause.PRIORITY, reason, security)
    if pair.blocked:
        return KeptBack(kept.version, Cause.EXCLUDE, f"a lock of zypper keeps {told} away", security)
    return KeptBack(kept.version, Cause.DEPENDENCY, f"zypper can't install {told}", security)


def _entry(catalog: Catalog, pair: Pair, locks: Locks) -> Dict[str, Any]:
    since = None if pair.replaced_by else pair.before.version
    advisories = catalog.advisories().between(pair.after.name, pair.after.arch, since, pair.after.version)
    return rpm_packages.update_entry(
        pair.before,
        pair.after,
        advisories,
        pair.blocked,
        pair.before.name in locks.held,
        pair.replaced_by,
        _kept_back(catalog, pair),
    )
