# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan asks of apt: ``apt-get -s`` solves, ``apt-cache show`` tells sizes and sums."""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import selection, solver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import commands, simulation
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import (
    Offer,
    Sighting,
    Upgrade,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended

Key = Tuple[str, str, str]  # name, architecture, version


class Host(NamedTuple):
    """What the host says before anything is planned. `installed`: by name:arch, `all` counted as native."""

    native: str
    installed: Dict[str, Dict[str, Any]]
    holds: Set[str]
    updates: List[Dict[str, Any]]
    closing: Dict[Tuple[str, str], List[str]]


def look_at(driver: Any) -> Host:
    """Ask the driver for what a plan is based on; raises DriverError."""
    native = driver.platform_arch()
    installed = {_key(one["name"], one["arch"], native): one for one in driver.installed()}
    return Host(native, installed, set(driver.holds()), driver.updates(), driver.closing_versions())


class AptSolver(solver.Solver):
    """Asks apt with the host's repositories, pins and holds in force."""

    name = "apt"
    trying = "apt-get -s install"

    def __init__(self, host: Host) -> None:
        self._host = host
        self.holds = host.holds
        self.updates = host.updates
        # The releases that serve what comes, by name, architecture and version.
        self._releases: Dict[Key, List[Dict[str, str]]] = {}

    def is_name(self, text: str) -> bool:
        return commands.valid_name(text)

    def is_version(self, text: str) -> bool:
        return commands.valid_version(text)

    def is_older(self, version: str, other: str) -> bool:
        return commands.is_older(version, other)

    def named(self, asked: List[Tuple[str, str]]) -> List[Sighting]:
        candidates: Dict[str, Dict[str, Any]] = {}
        shown = commands.apt_cache_show(["--no-all-versions"] + sorted({name for name, _version in asked}))
        for one in simulation.records(shown):
            candidates.setdefault(_key(one["name"], one["arch"], self._host.native), one)
        found = [candidates.get(self._key_of(name)) for name, _version in asked]
        given = [
            (one["name"], one["arch"], version)
            for one, (_name, version) in zip(found, asked)
            if one is not None and version
        ]
        known = self._records(given)
        return [self._named(name, version, one, known) for one, (name, version) in zip(found, asked)]

    def members(self, members: List[Dict[str, Any]]) -> List[Sighting]:
        served = self._records([(one["name"], one["arch"], one["version"]) for one in members], served=True)
        sightings = []
        for one in members:
            key = (one["name"], one["arch"], one["version"])
            versions = self._installed(_key(one["name"], one["arch"], self._host.native))
            sightings.append(Sighting(one["name"], versions, Offer(*key) if key in served else None))
        return sightings

    def offer_for(self, update: Dict[str, Any]) -> Optional[Offer]:
        return Offer(update["name"], update["arch"], update["candidate"])

    def closing(self, update: Dict[str, Any]) -> List[Offer]:
        versions = self._host.closing.get((update["name"], update["arch"]), [])
        candidate = update["candidate"]
        return [
            Offer(update["name"], update["arch"], version)
            for version in versions
            if version == candidate or commands.is_older(version, candidate)
        ]

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        return Upgrade(self._ask(["dist-upgrade"] if allow_removals else ["--with-new-pkgs", "upgrade"]), {})

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        specs = [commands.spec(one.name, one.arch, one.version, self._host.native) for one in offers]
        return self._ask(["install"] + specs)

    def complete(self, changes: List[Change]) -> List[Change]:
        """Add actions, origins, sizes and sums; the last two are in the signed indexes."""
        coming = [(one.name, one.arch, one.after) for one in changes if one.after]
        going = [(one.name, one.from_arch or one.arch, one.before) for one in changes if one.before]
        records = self._records(coming + going)
        return [self._complete(one, records) for one in changes]

    def _named(
        self, name: str, version: str, candidate: Optional[Dict[str, Any]], known: Dict[Key, Dict[str, Any]]
    ) -> Sighting:
        if candidate is None:
            return Sighting(None)
        key = (candidate["name"], candidate["arch"], version or candidate["version"])
        there = not version or key in known
        return Sighting(key[0], self._installed(self._key_of(name)), Offer(*key) if there else None)

    def _key_of(self, name: str) -> str:
        return name if ":" in name else f"{name}:{self._host.native}"

    def _installed(self, key: str) -> Tuple[str, ...]:
        present = self._host.installed.get(key)
        return (present["version"],) if present else ()

    def _ask(self, arguments: List[str]) -> List[Change]:
        result = commands.apt_get(["-s"] + arguments)
        if result.rc != 0:
            raise self._problem(result.stdout, result.stderr, how_ended(result.rc))
        return [self._change(one) for one in simulation.parse_changes(result.stdout)]

    def _problem(self, stdout: str, stderr: str, ended: str) -> DriverError:
        messages = [without_credentials(text) for text in simulation.errors(stderr)]
        told = "; ".join(messages + simulation.unmet(stdout)[:5]) or f"apt-get {ended}"
        if any(f"Depends: {name} " in told for name in self.holds):
            return DriverError(selection.HELD, told)
        return DriverError(simulation.classify_error(messages)["code"], told)

    def _change(self, told: simulation.Change) -> Change:
        """Return a change as far as a simulation tells it."""
        present = self._host.installed.get(_key(told.name, told.arch, self._host.native))
        arch = told.arch or (present["arch"] if present else self._host.native)
        if told.after is None:
            before = told.before or (present["version"] if present else None)
            return Change(told.name, arch, Action.REMOVE, before, None)
        self._releases[told.name, arch, told.after] = told.releases
        moved = present and told.before and present["arch"] != arch
        return Change(
            name=told.name,
            arch=arch,
            action=_action(told),
            before=told.before,
            after=told.after,
            from_arch=present["arch"] if present and moved else None,
        )

    def _complete(self, change: Change, records: Dict[Key, Dict[str, Any]]) -> Change:
        before = records.get((change.name, change.from_arch or change.arch, change.before or ""))
        kib = before["installed_kib"] if before else 0
        if change.after is None:
            return change._replace(disk_bytes=-1024 * kib)
        after = records.get((change.name, change.arch, change.after))
        known = self._update(change)
        releases = self._releases.get((change.name, change.arch, change.after), [])
        release = releases[0] if releases else {"label": "", "suite": ""}
        return change._replace(
            origin=known.get("origin") or release["label"],
            suite=known.get("suite") or release["suite"],
            security=known["security"] if known else simulation.is_security(releases),
            size=after["size"] if after else 0,
            sha256=(after["sha256"] or None) if after else None,
            disk_bytes=1024 * ((after["installed_kib"] if after else 0) - kib),
        )

    def _update(self, change: Change) -> Dict[str, Any]:
        for one in self.updates:
            if (one["name"], one["candidate"], one["arch"]) == (change.name, change.after, change.arch):
                return one
        return {}

    def _records(self, wanted: List[Key], served: bool = False) -> Dict[Key, Dict[str, Any]]:
        """Return apt's record of each version that it knows, or only of those that are `served`."""
        if not wanted:
            return {}
        shown = commands.apt_cache_show(
            [commands.spec(name, arch, version, self._host.native) for name, arch, version in wanted]
        )
        found: Dict[Key, Dict[str, Any]] = {}
        for record in simulation.records(shown):
            key = (record["name"], record["arch"], record["version"])
            if (record["served"] or not served) and (key not in found or not found[key]["served"]):
                found[key] = record
        return found


def _action(told: simulation.Change) -> Action:
    if told.before is None:
        return Action.INSTALL
    older = told.after is not None and commands.is_older(told.after, told.before)
    return Action.DOWNGRADE if older else Action.UPGRADE


def _key(name: str, arch: Optional[str], native: str) -> str:
    return f"{name}:{native if arch in (None, '', 'all') else arch}"
