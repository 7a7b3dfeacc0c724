# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan asks of pacman."""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection, solver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    answers,
    lists,
    versions,
    view,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.answers import Answer
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import (
    Offer,
    Sighting,
    Upgrade,
)

# What the host says before anything is planned.
Host = NamedTuple(
    "Host",
    [
        ("configuration", Configuration),
        ("installed", Dict[str, Package]),
        ("offered", Dict[str, Package]),  # by name, from the first repository that has it, as pacman takes it
        ("updates", List[Dict[str, Any]]),
        ("holds", Set[str]),
        ("held_patterns", List[str]),
        ("kernels", Set[str]),  # the packages of the installed ones
    ],
)

# Sums of pacman's numbers for questions that get another answer than the one it suggests: a held package is
# not changed (1), conflicts are resolved by a removal (4), which is judged here. Of an upgrade of all, what
# can't be had is passed over (16); of what was named, pacman would say that there is nothing to do.
_ANSWERS = "5"
_ANSWERS_FOR_ALL = "21"
_NAME = re.compile(r"[a-zA-Z0-9@_+][a-zA-Z0-9@._+-]*\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[^\s:/-]+-[0-9]+(?:\.[0-9]+)?\Z")


class PacmanSolver(solver.Solver):
    """Asks pacman what it would do, in a copy of its database."""

    name = "pacman"
    trying = "pacman -Su or pacman -S, without --noconfirm,"
    naming = "Groups can't be named."
    unmarked = "Arch"

    def __init__(self, host: Host) -> None:
        self._host = host
        self.holds = host.holds
        self.updates = host.updates

    def is_name(self, text: str) -> bool:
        return bool(_NAME.match(text))

    def is_version(self, text: str) -> bool:
        return bool(_VERSION.match(text))

    def is_older(self, version: str, other: str) -> bool:
        return versions.compare(version, other) < 0

    def named(self, asked: List[Tuple[str, str]]) -> List[Sighting]:
        return [self._sighting(name, version) for name, version in asked]

    def members(self, members: List[Dict[str, Any]]) -> List[Sighting]:
        return [self._sighting(one["name"], one["version"]) for one in members]

    def offer_for(self, update: Dict[str, Any]) -> Optional[Offer]:
        offer = self._host.offered.get(update.get("replaced_by") or update["name"])
        return _offer(offer) if offer is not None else None

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        host = self._host
        out = {one["name"] for one in host.updates if one["blocked"] or one["held"]}
        ignored = list(host.held_patterns) + sorted(out)
        left: Dict[str, str] = {}
        # Each round leaves out what would have others removed.
        for _round in range(len(host.updates) + 1):
            answer = _ask(host, ["-Su"], ignored, _ANSWERS_FOR_ALL)
            changes = _changes(host, _solved(answer))
            forbidden = [] if allow_removals else selection.removals(changes)
            if not forbidden:
                left.update({name: why for name, why in answer.skipped.items() if name in host.installed})
                return Upgrade(changes, left)
            for name in _culprits(host, answer, forbidden):
                left[name] = "needs the removal of " + ", ".join(forbidden)
                ignored.append(name)
        raise DriverError("unsatisfiable", "it would remove packages whatever is left out")

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        host = self._host
        targets = [f"{one.found.repository}/{one.name}" for one in offers]
        ignored = sorted({*host.held_patterns, *host.holds})
        answer = _ask(host, ["-S", "--needed"] + targets, ignored, _ANSWERS)
        return _changes(host, _solved(answer))

    def _sighting(self, name: str, version: str) -> Sighting:
        present, offer = self._host.installed.get(name), self._host.offered.get(name)
        if offer is None:
            return Sighting(None, (present.version,) if present is not None else ())
        fits = version in ("", offer.version)
        return Sighting(
            name, (present.version,) if present is not None else (), _offer(offer) if fits else None
        )


def _offer(package: Package) -> Offer:
    return Offer(package.name, package.arch, package.version, package)


def _ask(host: Host, operation: List[str], ignored: Iterable[str], given: str) -> Answer:
    configuration = host.configuration
    with view.View(
        configuration.for_planning(ignored), configuration.database, lists.directory(configuration)
    ) as asked:
        # It goes on until it has nothing to install from: the cache is empty, and no download succeeds.
        result = asked.run(operation[:1] + ["--ask", given, "--dbonly", "--noscriptlet"] + operation[1:])
    answer = answers.read_answer(result.stdout, result.stderr, view.errors(result))
    strange = sorted(set(answer.coming) - set(_offers(host))) + sorted(set(answer.going) - set(_names(host)))
    if strange:
        raise DriverError(
            "unsatisfiable", "it names packages that its lists don't have: " + ", ".join(strange)
        )
    return answer


def _solved(answer: Answer) -> Answer:
    if answer.problem is not None:
        raise DriverError("unsatisfiable", answer.problem)
    return answer


def _replaced(host: Host, answer: Answer) -> Dict[str, str]:
    """Return what takes the place of packages that go: {old name: new name}."""
    offers = _offers(host)
    return {
        versions.without_condition(replaces): offers[text].name
        for text in answer.coming
        for replaces in offers[text].replaces
    }


def _culprits(host: Host, answer: Answer, forbidden: List[str]) -> List[str]:
    names = _names(host)
    # pacman 6.1 began to name versions in its question.
    conflicts = [(names.get(comes, comes), names.get(goes, goes)) for comes, goes in answer.conflicts]
    found = [comes for comes, goes in conflicts if goes in forbidden]
    if not found:
        told = "needs the removal of " + ", ".join(forbidden) + ", without saying for what"
        raise DriverError("unsatisfiable", told)
    return found


def _offers(host: Host) -> Dict[str, Package]:
    return {f"{one.name}-{one.version}": one for one in host.offered.values()}


def _names(host: Host) -> Dict[str, str]:
    """Return the names of all packages by how pacman lists them: ``name-version``."""
    known = list(host.installed.values()) + list(host.offered.values())
    return {f"{one.name}-{one.version}": one.name for one in known}


def _changes(host: Host, answer: Answer) -> List[Change]:
    offers, names, replaced = _offers(host), _names(host), _replaced(host, answer)
    changes = [_coming(host, offers[text]) for text in answer.coming]
    going = [host.installed[names[text]] for text in answer.going]
    return changes + [_going(one, replaced.get(one.name)) for one in going]


def _coming(host: Host, offer: Package) -> Change:
    present = host.installed.get(offer.name)
    return Change(
        name=offer.name,
        arch=offer.arch,
        action=Action.INSTALL if present is None else Action.UPGRADE,
        before=present.version if present is not None else None,
        after=offer.version,
        origin=offer.repository,
        suite=offer.repository,
        size=offer.download_size,
        sha256=offer.sha256,
        disk_bytes=offer.size - (present.size if present is not None else 0),
        from_arch=present.arch if present is not None and present.arch != offer.arch else None,
        kernel=offer.name in host.kernels,
    )


def _going(present: Package, replaced_by: Optional[str]) -> Change:
    return Change(
        name=present.name,
        arch=present.arch,
        action=Action.REMOVE,
        before=present.version,
        after=None,
        disk_bytes=-present.size,
        replaced_by=replaced_by,
    )
