# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet on paper: rows of hosts that follow what the core says, and witnesses that count them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from patchops.calendars.schedule import ALWAYS, opening
from patchops.policy.model import Amount, Cycle, Ring
from patchops.rollout.advance import advance
from patchops.rollout.begin import Placed, new_rollout
from patchops.rollout.commands import (
    Change,
    Command,
    HostsEnded,
    HostsMoved,
    RingPlanned,
    StartSlice,
    Step,
)
from patchops.rollout.events import (
    AttemptEnded,
    Delta,
    Event,
    HostsChanged,
    PersonSaid,
    Saying,
    Seen,
    Tick,
)
from patchops.rollout.states import (
    LOST,
    NOT_FINAL,
    AttemptKind,
    GateState,
    HostState,
    Kind,
    RingState,
    Status,
)
from patchops.rollout.view import ALL_RINGS, Attempt, Cell, RolloutView

START = datetime(2026, 6, 9, 20, 0, tzinfo=timezone.utc)
DEBIAN = Cell("always", "debian-12")
ROCKY = Cell("always", "rocky-9")


@dataclass
class Host:
    """One row: where a host stands, and which of the witnesses' facts hold for it."""

    ring: int
    cell: Cell
    kind: Kind = Kind.COUNTED
    state: HostState = HostState.WAITING
    batch: int | None = None
    attempt: str | None = None
    was_lost: bool = False
    slices: int = 0


@dataclass
class World:
    """A rollout and its hosts; `clock` is the wall clock."""

    view: RolloutView
    hosts: list[Host]
    clock: datetime = START
    commands: list[Command] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    last: Step | None = None

    def happen(self, *events: Event, after: timedelta = timedelta()) -> Step:
        """Advance the rollout, and change the rows as a store would."""
        self.clock += after
        before = self.view
        step = advance(self.view, events or (Tick(),), self.clock)
        for event in events:
            self._take_in(before, event, step)
        for change in step.changes:
            self._change(change)
        started = self.view.attempts
        self.view = step.view
        for command in step.commands:
            self.keys[command.key] += 1
            if isinstance(command, StartSlice):
                self._start(command)
        assert set(started) | {c.key for c in step.commands} >= set(step.view.attempts)
        self.commands += step.commands
        self.last = step
        return step

    def end(self, attempt: str, *states: HostState, touched: bool = True) -> Step:
        """End a slice: its hosts end in these states, one after the other, the rest EFFECTIVE."""
        hosts = [host for host in self.hosts if host.attempt == attempt]
        ends = [*states, *[HostState.EFFECTIVE] * (len(hosts) - len(states))]
        deltas = [
            Delta(host.kind, host.cell, state, 1, touched=touched, lost_before=host.was_lost)
            for host, state in zip(hosts, ends, strict=True)
        ]
        return self.happen(AttemptEnded(attempt, tuple(deltas)))

    def finish_all(self, kind: AttemptKind) -> None:
        """End every attempt of a kind well."""
        for attempt in list(self.view.attempts.values()):
            if attempt.kind is not kind:
                continue
            if kind is AttemptKind.SLICE:
                self.end(attempt.id)
            elif kind is AttemptKind.SEAL:
                self.happen(AttemptEnded(attempt.id, proven=self.proven()))
            else:
                self.happen(AttemptEnded(attempt.id))

    def proven(self) -> frozenset[str]:
        """Return the platforms with an effective host in the first ring."""
        return frozenset(
            host.cell.platform for host in self.hosts if host.ring == 0 and host.state is HostState.EFFECTIVE
        )

    def slices(self) -> list[StartSlice]:
        """Return every slice that was ever started."""
        return [command for command in self.commands if isinstance(command, StartSlice)]

    def states(self, ring: int) -> dict[HostState, int]:
        """Count the rows of a ring by state."""
        return dict(Counter(host.state for host in self.hosts if host.ring == ring))

    def _take_in(self, before: RolloutView, event: Event, step: Step) -> None:
        if isinstance(event, AttemptEnded) and event.attempt in before.attempts:
            self._end_attempt(before.attempts[event.attempt], event)
        elif isinstance(event, Seen):
            for host in self._some(
                event.number, ring=event.ring, kind=event.kind, cell=event.cell, state=HostState.AWAY
            ):
                host.state = HostState.WAITING
        elif isinstance(event, HostsChanged):
            for left in event.left:
                state = HostState.AWAY if left.away else HostState.WAITING
                for host in self._some(
                    left.number,
                    ring=left.ring,
                    kind=left.kind,
                    cell=left.cell,
                    state=state,
                    batch=left.batch,
                ):
                    host.state = left.state
            for joined in event.joined:
                self.hosts += [Host(joined.ring, joined.cell) for _ in range(joined.number)]
        elif isinstance(event, PersonSaid) and event.saying is Saying.RETRY and not step.refused:
            self._retry(before, event)

    def _retry(self, before: RolloutView, event: PersonSaid) -> None:
        for retry in event.hosts:
            ring = before.rings[retry.ring]
            for host in self._some(
                retry.number, ring=retry.ring, kind=retry.kind, cell=retry.cell, state=retry.state
            ):
                host.state = HostState.WAITING
                if host.kind is Kind.COUNTED:
                    if ring.state is RingState.DONE:
                        host.kind, host.batch = Kind.STRAGGLER, None
                    elif ring.state is not RingState.WAITING:
                        host.batch = ring.batch

    def _end_attempt(self, attempt: Attempt, event: AttemptEnded) -> None:
        rows = (
            [host for host in self.hosts if host.attempt == attempt.id]
            if attempt.kind is AttemptKind.SLICE
            else [
                host
                for host in self.hosts
                if host.state is HostState.EFFECTIVE and attempt.ring in {ALL_RINGS, host.ring}
            ]
        )
        for delta in event.deltas:
            found = [
                row
                for row in rows
                if (row.kind, row.cell, row.was_lost) == (delta.kind, delta.cell, delta.lost_before)
            ]
            for row in found[: delta.number]:
                rows.remove(row)
                self._end_row(row, delta)
        if attempt.kind is AttemptKind.SLICE:
            for row in rows:
                self._end_row(row, Delta(row.kind, row.cell, HostState.UNKNOWN, 1))

    @staticmethod
    def _end_row(row: Host, delta: Delta) -> None:
        row.attempt = None
        state = delta.state
        if row.kind is Kind.COUNTED and state is HostState.AWAY:
            state = HostState.UNREACHABLE
        elif row.kind is not Kind.COUNTED and state is HostState.UNREACHABLE and not delta.touched:
            state = HostState.AWAY
        if row.kind is Kind.INTERMITTENT and delta.touched and state not in NOT_FINAL:
            row.kind = Kind.COUNTED
        row.was_lost |= row.kind is Kind.COUNTED and state in LOST
        row.state = HostState.RETIRED if delta.retired else state

    def _change(self, change: Change) -> None:
        if isinstance(change, HostsEnded):
            for host in self.hosts:
                if host.ring == change.ring and host.state in {HostState.WAITING, HostState.AWAY}:
                    host.state = change.state
        elif isinstance(change, RingPlanned):
            rows = [
                host
                for host in self.hosts
                if host.ring == change.ring and host.kind is Kind.COUNTED and host.state is HostState.WAITING
            ]
            for host in rows:
                if host.cell.platform in change.unproven:
                    host.state = HostState.UNPROVEN
            for number, batch in enumerate(change.batches):
                for cell, count in batch.items():
                    for host in [row for row in rows if row.cell == cell and row.batch is None][:count]:
                        host.batch = number
        elif isinstance(change, HostsMoved) and change.kind is not Kind.INTERMITTENT:
            rows = [
                host
                for host in self.hosts
                if (host.ring, host.kind, host.cell) == (change.ring, change.kind, change.cell)
                and host.state is HostState.WAITING
                and host.batch is None
            ]
            # Those that joined last are the ones that moved.
            for host in rows[-change.number :]:
                host.kind = change.to

    def _start(self, command: StartSlice) -> None:
        for kind, cell, number in command.taken:
            batch = command.batch
            for host in self._some(
                number, ring=command.ring, kind=kind, cell=cell, state=HostState.WAITING, batch=batch
            ):
                host.state, host.attempt = HostState.FLYING, command.key
                host.slices += 1

    def _some(self, number: int, **wanted: object) -> list[Host]:
        if wanted.get("batch", 0) is None:
            wanted.pop("batch")
        rows = [
            host for host in self.hosts if all(getattr(host, key) == value for key, value in wanted.items())
        ]
        assert len(rows) >= number, f"only {len(rows)} rows for {number} of {wanted}"
        return rows[:number]


def ring(name: str = "canary", **values: object) -> Ring:
    """Return a ring that passes without a soak unless it is told otherwise."""
    return replace(Ring(name, name), **values)  # type: ignore[arg-type]


def cycle(*rings: Ring, **values: object) -> Cycle:
    """Return a cycle of these rings."""
    return replace(Cycle("monthly", "prod", "all", rings), **values)  # type: ignore[arg-type]


def world(policy: Cycle, placed: Iterable[Placed], **values: object) -> World:
    """Return a rollout that starts at START, with one row for each host that was placed."""
    hosts = list(placed)
    schedules = {"always": ALWAYS, **values.pop("schedules", {})}  # type: ignore[dict-item]
    view = new_rollout("r1", policy, START, hosts, schedules, **values)  # type: ignore[arg-type]
    rows = [
        Host(one.ring, one.cell, one.kind, HostState.AWAY if one.away else HostState.WAITING)
        for one in hosts
        for _ in range(one.number)
    ]
    return World(view, rows)


def counts_agree(world: World) -> None:
    """Check that the counters of the core equal a count of the rows."""
    view = world.view
    for number, counters in enumerate(view.rings):
        rows = [host for host in world.hosts if host.ring == number]
        assert view.hosts(number) == dict(Counter(host.state for host in rows)), f"ring {number}"
        assert counters.lost == sum(host.was_lost for host in rows), f"lost of ring {number}"
        counted_rows = [host for host in rows if host.kind is Kind.COUNTED]
        assert counters.ended == dict(
            Counter(host.state for host in counted_rows if host.state not in NOT_FINAL)
        )
        assert counters.effective == dict(
            Counter(host.cell.platform for host in counted_rows if host.state is HostState.EFFECTIVE)
        )
        for kind in (Kind.STRAGGLER, Kind.INTERMITTENT, Kind.JOINER):
            crowd = counters.crowd(kind)
            mine = [host for host in rows if host.kind is kind]
            assert crowd.ready == dict(Counter(h.cell for h in mine if h.state is HostState.WAITING)), kind
            assert crowd.away == dict(Counter(h.cell for h in mine if h.state is HostState.AWAY)), kind
        if counters.state is not RingState.WAITING:
            waiting = Counter(
                host.cell
                for host in counted_rows
                if host.state is HostState.WAITING and host.batch == counters.batch
            )
            assert counters.waiting == dict(waiting), f"batch {counters.batch} of ring {number}"


def rules_hold(before: RolloutView, step: Step) -> None:
    """Check everything that a step may never do."""
    for command in step.commands:
        if isinstance(command, StartSlice):
            _slice_is_allowed(before, step, command)
    assert step.view.now >= before.now
    for old, new in zip(before.rings, step.view.rings, strict=True):
        assert new.lost >= old.lost
        if old.state is not RingState.WAITING:
            assert new.state is not RingState.WAITING
    if before.status is Status.FINISHED:
        assert not step.commands
        assert step.view.status is Status.FINISHED


def _slice_is_allowed(before: RolloutView, step: Step, command: StartSlice) -> None:
    view = step.view
    assert before.status in {Status.SCHEDULED, Status.RUNNING} or step.view.status is Status.RUNNING
    assert not view.expired, "a slice began after the deadline"
    assert not (before.clock_moved and view.clock_moved), "a slice began while the clock is in doubt"
    ring = view.rings[command.ring]
    assert ring.lost <= ring.allowed, "a slice began beyond the budget"
    for earlier in view.rings[: command.ring]:
        assert earlier.state is RingState.DONE, "a ring began before the one before it was done"
    for gate in view.policy_of(command.ring).gates:
        said = view.rings[command.ring].gates[gate]
        assert said.state is GateState.YES or said.rounds > 0, f"a slice began without gate {gate}"
    for taken in command.taken:
        assert opening(view.schedules[taken.cell.schedule], view.now), "a slice began outside of its window"
        if command.promote:
            assert view.sealed
            assert taken.cell.platform in view.proven, "what was not proven was promoted"
        assert command.ring == 0 or command.promote
    _places_hold(view, command)


def _places_hold(view: RolloutView, command: StartSlice) -> None:
    ring = view.rings[command.ring]
    limits = view.policy_of(command.ring).max_in_flight
    flying = view.flying(command.ring)
    assert sum(taken.number for taken in command.taken) <= view.cycle.shard
    if limits.total is not None:
        assert sum(flying.values()) <= max(1, limits.total.at_most(ring.membership))
    for variable, most in limits.per.items():
        values = Counter[str]()
        for cell, number in flying.items():
            values[dict(cell.places).get(variable, "")] += number
        values.pop("", None)
        assert all(number <= most for number in values.values())


def percent(value: int) -> Amount:
    """Return a percentage."""
    return Amount(value, percent=True)


def counted_hosts(number: int, ring: int = 0, cell: Cell = DEBIAN) -> Placed:
    """Return hosts that count."""
    return Placed(ring, Kind.COUNTED, cell, number)


def taken(command: StartSlice) -> int:
    """Return how many hosts a slice takes."""
    return sum(one.number for one in command.taken)
