# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give each host of a cycle its ring, and say how it counts there.

Pure: the inventory was asked before, by Ansible itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import (
    Period,
    Recurring,
    parse_freezes,
    parse_windows,
    parse_zone,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem, did_you_mean
from ansible_collections.patchops.fleet.plugins.plugin_utils.variable_values import one_of, parse_flag
from patchops.policy.model import REST, Cycle

RING_VARIABLE: Final = "patchops_ring"
ZONE_VARIABLE: Final = "patchops_timezone"
LIFECYCLE_VARIABLE: Final = "patchops_lifecycle"
INTERMITTENT_VARIABLE: Final = "patchops_intermittent"
WINDOW_VARIABLE: Final = "patchops_window"
FREEZE_VARIABLE: Final = "patchops_freeze"

MUTABLE: Final = "mutable"
LIFECYCLES: Final = (MUTABLE, "immutable", "ephemeral")
_SHOWN: Final = 5


class Standing(Enum):
    """How a host counts in its ring.

    COUNTABLE: in membership and budget. STRAGGLER: not reachable at the last scan; tried, outside of both.
    INTERMITTENT: outside of both until it is touched. EXCLUDED: only scanned. REFUSED: a variable of it can't
    be used; it stays as it is until that is corrected.
    """

    COUNTABLE = "countable"
    STRAGGLER = "straggler"
    INTERMITTENT = "intermittent"
    EXCLUDED = "excluded"
    REFUSED = "refused"


@dataclass(frozen=True)
class Candidate:
    """A host of a cycle: its variables as the inventory has them, and what its last scan found out.

    `platform` and `reachable` are None where nothing is known.
    """

    key: HostKey
    variables: Mapping[str, Any]
    platform: str | None = None
    reachable: bool | None = None


@dataclass(frozen=True)
class Placed:
    """A host, its ring and how it counts there. `ring` is None for hosts that no ring takes.

    `zone` is the host's own time zone: the policy's where the host names none, or one that is refused.
    `places`: the value of each variable that limits how many hosts of its ring are under way at once.
    `windows` and `freezes` are the host's own, which narrow those of its cycle.
    """

    key: HostKey
    ring: str | None
    standing: Standing
    reason: str
    zone: ZoneInfo
    platform: str | None
    places: tuple[tuple[str, str], ...] = ()
    windows: tuple[Recurring | Period, ...] = ()
    freezes: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Placement:
    """Every host of a cycle in the order in which it was given, and what is wrong.

    The places of `mistakes` and `warnings` count from the cycle's.
    """

    hosts: tuple[Placed, ...]
    mistakes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def of(self, ring: str, *standings: Standing) -> list[Placed]:
        """Return the hosts of a ring, only those of `standings` where some are given."""
        return [
            host for host in self.hosts if host.ring == ring and (not standings or host.standing in standings)
        ]


def place(
    cycle: Cycle,
    zone: ZoneInfo,
    candidates: Iterable[Candidate],
    members: Mapping[str, Collection[str]],
    taken_names: Collection[str] = (),
) -> Placement:
    """Return where each host of a cycle stands.

    :param zone: of hosts that name none
    :param candidates: the hosts that the cycle's own pattern names
    :param members: the names of the hosts that the pattern of each ring names
    :param taken_names: of the groups and hosts of the inventory
    """
    placing = _Placing(cycle, zone, members)
    hosts = tuple(placing.place(candidate) for candidate in candidates)
    mistakes = [*placing.mistakes(), *placing.without_hosts(hosts)]
    if REST in taken_names:
        mistakes.append(
            Problem("", f"the inventory has a group or host called {REST}", "give it another name")
        )
    return Placement(hosts, tuple(mistakes), tuple(_warnings(cycle, hosts)))


class _Placing:
    """Places one host after the other, and collects by mistake the hosts that have it."""

    def __init__(self, cycle: Cycle, zone: ZoneInfo, members: Mapping[str, Collection[str]]) -> None:
        self._cycle = cycle
        self._zone = zone
        self._rings = {ring.name: ring for ring in cycle.rings}
        self._rest = next((ring.name for ring in cycle.rings if ring.hosts == REST), None)
        self._members = [
            (ring.name, frozenset(members.get(ring.hosts, ()))) for ring in cycle.rings if ring.hosts != REST
        ]
        self._in_several: dict[tuple[str, ...], list[str]] = {}
        self._in_unknown: dict[str, list[str]] = {}
        self._in_none: list[str] = []

    def place(self, host: Candidate) -> Placed:
        wrong: list[str] = []
        windows, freezes = _own_times(host, wrong)
        standing, reason, zone = self._standing(host, wrong)
        ring = None if standing is Standing.EXCLUDED else self._ring(host)
        places = self._places(ring, host)
        return Placed(host.key, ring, standing, reason, zone, host.platform, places, windows, freezes)

    def _standing(self, host: Candidate, wrong: list[str]) -> tuple[Standing, str, ZoneInfo]:
        zone = self._zone
        try:
            lifecycle = one_of(*LIFECYCLES)(host.variables.get(LIFECYCLE_VARIABLE, MUTABLE))
        except ValueError as error:
            wrong.append(f"{LIFECYCLE_VARIABLE}: {error}")
            lifecycle = MUTABLE
        try:
            intermittent = parse_flag(host.variables.get(INTERMITTENT_VARIABLE, False))
        except ValueError as error:
            wrong.append(f"{INTERMITTENT_VARIABLE}: {error}")
            intermittent = False
        try:
            if (named := host.variables.get(ZONE_VARIABLE)) is not None:
                zone = ZoneInfo(str(parse_zone(named)))
        except ValueError as error:
            wrong.append(f"{ZONE_VARIABLE}: {error}")
        if lifecycle != MUTABLE:
            return Standing.EXCLUDED, f"{LIFECYCLE_VARIABLE} is {lifecycle}: rebuild its image", zone
        if wrong:
            return Standing.REFUSED, "; ".join(wrong), zone
        if intermittent:
            return Standing.INTERMITTENT, f"{INTERMITTENT_VARIABLE} is set", zone
        if host.reachable is False:
            return Standing.STRAGGLER, "it was not reachable at the last scan", zone
        return Standing.COUNTABLE, "" if host.reachable else "it was never scanned", zone

    def _ring(self, host: Candidate) -> str | None:
        named = host.variables.get(RING_VARIABLE)
        if named is not None:
            if isinstance(named, str) and named in self._rings:
                return named
            self._in_unknown.setdefault(str(named), []).append(host.key.name)
            return None
        rings = [name for name, members in self._members if host.key.name in members]
        if len(rings) > 1:
            self._in_several.setdefault(tuple(rings), []).append(host.key.name)
            return None
        if not rings and self._rest is None:
            self._in_none.append(host.key.name)
        return rings[0] if rings else self._rest

    def _places(self, ring: str | None, host: Candidate) -> tuple[tuple[str, str], ...]:
        limits = self._rings[ring].max_in_flight.per if ring is not None else {}
        return tuple((name, str(host.variables.get(name, ""))) for name in sorted(limits))

    def mistakes(self) -> Iterable[Problem]:
        for named, hosts in self._in_unknown.items():
            template = " (templates are not read here)" if "{{" in named else ""
            yield Problem(
                "rings",
                f"{RING_VARIABLE} of {_listed(hosts)} is {named!r}, which is no ring{template}",
                f"{did_you_mean(named, self._rings)}known here: {', '.join(self._rings)}",
            )
        for rings, hosts in self._in_several.items():
            yield Problem(
                f"rings[{list(self._rings).index(rings[-1])}].hosts",
                f"{_listed(hosts)} {_are(hosts)} in the rings {' and '.join(rings)}",
                f"exclude them from one of the patterns, or set {RING_VARIABLE} in the inventory",
            )
        if self._in_none:
            yield Problem(
                "rings",
                f"{_listed(self._in_none)} {_are(self._in_none)} in no ring",
                f"add a ring with hosts: {REST}, or exclude them in the cycle's hosts",
            )

    def without_hosts(self, hosts: Sequence[Placed]) -> Iterable[Problem]:
        """Yield the rings that have no host, and those whose intermittent hosts prove nothing."""
        inside = {host.key.name for host in hosts}
        named = {name: inside & members for name, members in self._members}
        for number, ring in enumerate(self._cycle.rings):
            standings = {host.standing for host in hosts if host.ring == ring.name}
            if not standings and ring.hosts != REST and not named[ring.name]:
                yield Problem(
                    f"rings[{number}].hosts",
                    f"no host of the cycle is in the ring {ring.name}",
                    "correct the pattern, or remove the ring"
                    if ring.hosts
                    else f"give the ring hosts, or hosts {RING_VARIABLE}: {ring.name}",
                )
            elif standings == {Standing.INTERMITTENT} and ring.min_effective.percent:
                yield Problem(
                    f"rings[{number}].min_effective",
                    f"all hosts of the ring {ring.name} are intermittent: a share of them says nothing",
                    "give the number of hosts that have to be effective, such as 1",
                )


def _own_times(
    host: Candidate, wrong: list[str]
) -> tuple[tuple[Recurring | Period, ...], tuple[Period, ...]]:
    """Return the windows and freezes that the inventory gives a host; note in `wrong` what has no form."""
    windows: tuple[Recurring | Period, ...] = ()
    freezes: tuple[Period, ...] = ()
    try:
        windows = tuple(parse_windows(host.variables.get(WINDOW_VARIABLE)))
    except ValueError as error:
        wrong.append(f"{WINDOW_VARIABLE}: {error}")
    try:
        freezes = tuple(parse_freezes(host.variables.get(FREEZE_VARIABLE)))
    except ValueError as error:
        wrong.append(f"{FREEZE_VARIABLE}: {error}")
    return windows, freezes


def _warnings(cycle: Cycle, hosts: Sequence[Placed]) -> Iterable[Problem]:
    by_ring = [[host for host in hosts if host.ring == ring.name] for ring in cycle.rings]
    for number, (ring, placed) in enumerate(zip(cycle.rings, by_ring, strict=True)):
        if not placed and ring.hosts == REST:
            yield Problem(
                f"rings[{number}].hosts", f"no host is left for {ring.name}", "look if it is needed"
            )
        elif placed and not any(
            host.standing in (Standing.COUNTABLE, Standing.INTERMITTENT) for host in placed
        ):
            yield Problem(
                f"rings[{number}].hosts",
                f"no host of the ring {ring.name} counts: {placed[0].key.name}: {placed[0].reason}",
                "a ring that nobody counts in proves nothing",
            )
    yield from _unproven(cycle, by_ring)
    refused = [host.key.name for host in hosts if host.standing is Standing.REFUSED]
    if refused:
        first = next(host for host in hosts if host.standing is Standing.REFUSED)
        yield Problem(
            "hosts",
            f"{_listed(refused)} {_are(refused)} refused; {first.key.name}: {first.reason}",
            "correct the variable in the inventory",
        )


def _unproven(cycle: Cycle, by_ring: Sequence[Sequence[Placed]]) -> Iterable[Problem]:
    """Yield the platforms that no counted host of the first ring proves."""
    proven = {host.platform for host in by_ring[0] if host.standing is Standing.COUNTABLE}
    missing: dict[str, list[str]] = {}
    for hosts in by_ring[1:]:
        for host in hosts:
            if host.platform is not None and host.platform not in proven:
                missing.setdefault(host.platform, []).append(host.key.name)
    for platform, names in sorted(missing.items()):
        yield Problem(
            "rings[0].hosts",
            f"no host of the ring {cycle.rings[0].name} proves what {_listed(names)} would get ({platform})",
            "put a host of that platform in the first ring; without one they get nothing",
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
