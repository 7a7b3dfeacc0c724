# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core sees of a rollout: counters by ring, never a list of hosts. Everything here is immutable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.policy.model import Cycle, Ring
from patchops.rollout.counts import added, counted, total
from patchops.rollout.states import (
    AttemptKind,
    GateState,
    HostState,
    Kind,
    Outcome,
    RingState,
    Status,
)

ALL_RINGS: Final = -1


class Cell(NamedTuple):
    """Hosts that the core does not tell apart.

    `schedule` names when they may be changed, `platform` is what a patch set is proven on, `places` are
    (variable, value) for each variable that limits how many are under way at once, sorted.
    """

    schedule: str
    platform: str
    places: tuple[tuple[str, str], ...] = ()


class Taken(NamedTuple):
    """`number` hosts of a kind and cell."""

    kind: Kind
    cell: Cell
    number: int


@dataclass(frozen=True)
class GateView:
    """What a gate said: since when it is asked (or, after YES and NO, when it answered), and who voted."""

    state: GateState = GateState.UNASKED
    at: datetime | None = None
    votes: tuple[str, ...] = ()
    subject: str = ""
    reason: str = ""
    rounds: int = 0


@dataclass(frozen=True)
class Attempt:
    """Work under way: `ring` counts from 0; `batch` is None for stragglers and for what is no slice."""

    id: str
    kind: AttemptKind
    since: datetime
    ring: int = ALL_RINGS
    batch: int | None = None
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class Crowd:
    """Hosts of a ring outside of its batches: ready to be tried, away until seen again, and ended."""

    ready: Mapping[Cell, int] = field(default_factory=dict)
    away: Mapping[Cell, int] = field(default_factory=dict)
    ended: Mapping[HostState, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RingView:
    """The counters of one ring.

    Before the ring begins, `waiting` holds its counted hosts; from then on those of batch number `batch`,
    and `later` those of the batches after it. `membership`, `platforms` and `allowed` are fixed when it
    begins; `lost` never falls. `effective` counts by platform.
    """

    state: RingState = RingState.WAITING
    waiting: Mapping[Cell, int] = field(default_factory=dict)
    later: tuple[Mapping[Cell, int], ...] = ()
    batch: int = 0
    batch_final: datetime | None = None
    soak_from: datetime | None = None
    membership: int = 0
    platforms: Mapping[str, int] = field(default_factory=dict)
    allowed: int = 0
    lost: int = 0
    ended: Mapping[HostState, int] = field(default_factory=dict)
    effective: Mapping[str, int] = field(default_factory=dict)
    crowds: Mapping[Kind, Crowd] = field(default_factory=dict)
    staged: bool = False
    gates: Mapping[str, GateView] = field(default_factory=dict)
    joiner_gates: Mapping[str, GateView] = field(default_factory=dict)
    accepted: bool = False
    take_back: bool = False

    def crowd(self, kind: Kind) -> Crowd:
        """Return the hosts of one kind that stand outside of the batches."""
        return self.crowds.get(kind, Crowd())

    def left(self) -> dict[Cell, int]:
        """Return the counted hosts that were not started."""
        return added(self.waiting, *self.later)


@dataclass(frozen=True)
class RolloutView:
    """One rollout. `now` is the latest moment at which it was advanced; times are UTC."""

    id: str
    cycle: Cycle
    starts: datetime
    now: datetime
    rings: tuple[RingView, ...]
    schedules: Mapping[str, Sequence[Period]]
    status: Status = Status.SCHEDULED
    started: datetime | None = None
    reason: str = ""
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    attempts_made: int = 0
    sealed: bool = False
    proven: frozenset[str] = frozenset()
    requester: str = ""
    expired: bool = False
    clock_moved: bool = False
    policy_differs: bool = False
    told: frozenset[str] = frozenset()
    halts: int = 0
    outcome: Outcome | None = None

    def policy_of(self, ring: int) -> Ring:
        """Return what the policy says about a ring."""
        return self.cycle.rings[ring]

    def deadline(self) -> datetime | None:
        """Return from when on nothing begins any more."""
        if self.started is None or self.cycle.deadline is None:
            return None
        return self.started + self.cycle.deadline

    def slices(self, ring: int) -> list[Attempt]:
        """Return the slices of a ring that are under way."""
        return [
            attempt
            for attempt in self.attempts.values()
            if attempt.ring == ring and attempt.kind is AttemptKind.SLICE
        ]

    def flying(self, ring: int) -> dict[Cell, int]:
        """Return the hosts of a ring that are under way, of every kind."""
        return counted((taken.cell, taken.number) for attempt in self.slices(ring) for taken in attempt.taken)

    def hosts(self, ring: int) -> dict[HostState, int]:
        """Return the hosts of a ring by state; they add up to everybody who was ever placed in it."""
        view = self.rings[ring]
        crowds = view.crowds.values()
        return counted(
            [
                (HostState.WAITING, total(view.left()) + sum(total(crowd.ready) for crowd in crowds)),
                (HostState.AWAY, sum(total(crowd.away) for crowd in crowds)),
                (HostState.FLYING, total(self.flying(ring))),
                *view.ended.items(),
                *(pair for crowd in crowds for pair in crowd.ended.items()),
            ]
        )
