# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say who gets what and when, before anything happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of
from patchops.calendars.schedule import next_opening, opening
from patchops.policy.model import Cycle, RolloutPolicy
from patchops.policy.placement import Placed, Placement, Standing
from patchops.policy.worst_case import WorstCase, worst_case
from patchops.rollout import begin
from patchops.rollout.batches import plan_batches
from patchops.rollout.counts import counted, total
from patchops.rollout.simulate import Course
from patchops.rollout.states import HostState, Kind
from patchops.rollout.timetable import Times, next_start, schedules
from patchops.rollout.view import Cell, RolloutView

UNSCANNED = "not scanned yet"
"""The platform of hosts of which no scan is known; nothing is proven on it."""

_KINDS = {
    Standing.COUNTABLE: Kind.COUNTED,
    Standing.STRAGGLER: Kind.STRAGGLER,
    Standing.INTERMITTENT: Kind.INTERMITTENT,
}
_AHEAD: Final = timedelta(days=400)
OPEN: Final = ("missing", "failed")
"""States of findings that an update closes."""


@dataclass(frozen=True)
class RingPlan:
    """One ring: who is in it, in which batches, and from when on it may change.

    `batches` are numbers of hosts. `unproven`: hosts by platform that the first ring can't prove.
    """

    name: str
    hosts: int
    platforms: Mapping[str, int]
    batches: tuple[int, ...]
    worst: WorstCase
    soak: timedelta
    gates: tuple[str, ...]
    first_window: datetime | None
    unproven: Mapping[str, int]


@dataclass(frozen=True)
class CyclePlan:
    """A cycle that starts at `starts`; `others` are hosts that are not patched, by how they stand."""

    cycle: Cycle
    starts: datetime
    by_hand: bool
    rings: tuple[RingPlan, ...]
    others: Mapping[Standing, tuple[Placed, ...]]
    view: RolloutView

    @property
    def deadline(self) -> datetime | None:
        """From when on nothing begins any more."""
        return None if self.cycle.deadline is None else self.starts + self.cycle.deadline


def plan_cycle(
    policy: RolloutPolicy,
    cycle: Cycle,
    placement: Placement,
    now: datetime,
    starts: datetime | None = None,
    requester: str = "",
    ignore_freezes: bool = False,
) -> CyclePlan:
    """Return what a cycle would do if it started at `starts`; without it at its next start, or now by hand.

    :param now: UTC
    :raises InputError: a calendar's file can't be read
    """
    period = None if starts else next_start(policy, cycle, now, now + _AHEAD)
    begins = starts or (period.begin if period else now)
    ends = begins + (cycle.deadline or _AHEAD)
    found = schedules(policy, cycle, set(map(times_of, placement.hosts)), begins, ends, ignore_freezes)
    cells = cells_of(cycle, placement)
    view = begin.new_rollout(f"plan-{cycle.name}", cycle, begins, cells, found, requester)
    by_ring = [placement.of(ring.name) for ring in cycle.rings]
    proven = {platform_of(host) for host in by_ring[0] if host.standing is Standing.COUNTABLE}
    rings = tuple(_ring(cycle, number, hosts, proven, found, begins) for number, hosts in enumerate(by_ring))
    others: dict[Standing, tuple[Placed, ...]] = {
        standing: tuple(host for host in placement.hosts if host.standing is standing)
        for standing in Standing
        if standing is not Standing.COUNTABLE
    }
    return CyclePlan(cycle, begins, period is None, rings, others, view)


def cells_of(cycle: Cycle, placement: Placement) -> list[begin.Placed]:
    """Return the hosts that a rollout changes as counters of cells; hosts without a ring are left out."""
    numbers = {ring.name: number for number, ring in enumerate(cycle.rings)}
    found = counted(
        ((numbers[host.ring], _KINDS[host.standing], cell_of(host), host.standing is Standing.STRAGGLER), 1)
        for host in placement.hosts
        if host.ring is not None and host.standing in _KINDS
    )
    return [
        begin.Placed(ring, kind, cell, number, away) for (ring, kind, cell, away), number in found.items()
    ]


def cell_of(host: Placed) -> Cell:
    """Return what the core sees of a host."""
    return Cell(times_of(host).name, platform_of(host), host.places)


def times_of(host: Placed) -> Times:
    """Return what decides when a host may be changed."""
    return Times(str(host.zone), host.windows, host.freezes)


def platform_of(host: Placed) -> str:
    """Return what a host's patches are proven on."""
    return host.platform or UNSCANNED


def _ring(
    cycle: Cycle,
    number: int,
    hosts: Sequence[Placed],
    proven: set[str],
    found: Mapping[str, Sequence[Period]],
    begins: datetime,
) -> RingPlan:
    ring = cycle.rings[number]
    countable = [host for host in hosts if host.standing is Standing.COUNTABLE]
    able = [host for host in countable if number == 0 or platform_of(host) in proven]
    batches = plan_batches(counted((cell_of(host), 1) for host in able), ring.batches)
    return RingPlan(
        name=ring.name,
        hosts=len(hosts),
        platforms=dict(sorted(Counter(map(platform_of, hosts)).items())),
        batches=tuple(map(total, batches)),
        worst=worst_case(ring, able),
        soak=ring.soak,
        gates=ring.gates,
        first_window=first_window([found[times_of(host).name] for host in hosts], begins),
        unproven=dict(
            sorted(Counter(platform_of(host) for host in hosts if platform_of(host) not in proven).items())
        ),
    )


def first_window(found: Sequence[Sequence[Period]], begins: datetime) -> datetime | None:
    """Return when the first of some schedules is open from `begins` on; None: never in what was computed."""
    moments = [begins if opening(schedule, begins) else next_opening(schedule, begins) for schedule in found]
    return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True)
class Late:
    """A due date that a ring does not meet: `hosts` have it before their ring is done."""

    ring: str
    due: date
    what: str
    hosts: int


def late(
    plan: CyclePlan, course: Course, placement: Placement, findings: Iterable[Mapping[str, Any]]
) -> list[Late]:
    """Return the due dates that a course misses, the earliest first.

    A host counts as patched when the last host of its ring is.

    :param findings: rows of a findings document
    """
    rings = {host.key: host.ring for host in placement.hosts if host.ring is not None}
    patched = {
        ring.name: times.soaks.date() if times.soaks else None
        for ring, times in zip(plan.cycle.rings, course.rings, strict=True)
    }
    hosts: dict[tuple[date, str, str], set[HostKey]] = {}
    for row in findings:
        ring = rings.get(key_of(row))
        if ring is None or row["state"] not in OPEN or row["due"] is None:
            continue
        due, day = date.fromisoformat(row["due"]), patched[ring]
        if day is None or due < day:
            hosts.setdefault((due, ring, str(row["advisory"])), set()).add(key_of(row))
    return [Late(ring, due, what, len(some)) for (due, ring, what), some in sorted(hosts.items())]


def missed_hosts(course: Course) -> int:
    """Return how many hosts a course leaves unpatched at its deadline."""
    if course.view is None:
        return 0
    states = (HostState.MISSED, HostState.WAITING, HostState.AWAY)
    return sum(
        course.view.hosts(number).get(state, 0)
        for number in range(len(course.view.rings))
        for state in states
    )
