# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout while it is being advanced: the view so far, and what was decided on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from patchops.policy.model import Notice
from patchops.rollout.commands import Change, Command, Finish, HostsEnded, Notify, Step
from patchops.rollout.counts import added, plus, total
from patchops.rollout.states import (
    AttemptKind,
    GateState,
    HostState,
    Kind,
    Outcome,
    RingState,
    Status,
)
from patchops.rollout.view import ALL_RINGS, Attempt, Cell, Crowd, GateView, RingView, RolloutView, Taken


class Draft:
    """Collects changes of one view. Only `advance` makes one."""

    def __init__(self, view: RolloutView) -> None:
        self.view = view
        self.changed: set[int] = set()
        self.changes: list[Change] = []
        self.commands: list[Command] = []
        self.refused: list[str] = []
        self.wake: datetime | None = None

    def step(self) -> Step:
        """Return what came of it."""
        return Step(
            self.view,
            frozenset(self.changed),
            tuple(self.changes),
            tuple(self.commands),
            self.wake,
            tuple(self.refused),
        )

    @property
    def now(self) -> datetime:
        """The moment at which the rollout is advanced."""
        return self.view.now

    def ring(self, number: int) -> RingView:
        """Return a ring as it stands now."""
        return self.view.rings[number]

    def set(self, **values: Any) -> None:
        """Change fields of the rollout."""
        self.view = replace(self.view, **values)

    def set_ring(self, number: int, **values: Any) -> None:
        """Change fields of a ring."""
        rings = list(self.view.rings)
        rings[number] = replace(rings[number], **values)
        self.changed.add(number)
        self.set(rings=tuple(rings))

    def set_crowd(self, number: int, kind: Kind, **values: Mapping[Any, int]) -> None:
        """Change the counters of the hosts of one kind outside of a ring's batches."""
        ring = self.ring(number)
        crowds = dict(ring.crowds)
        crowds[kind] = replace(ring.crowd(kind), **values)
        if crowds[kind] == Crowd():
            del crowds[kind]
        self.set_ring(number, crowds=crowds)

    def set_gate(self, number: int, name: str, gate: GateView, joiners: bool = False) -> None:
        """Change what a gate of a ring said."""
        field = "joiner_gates" if joiners else "gates"
        self.set_ring(number, **{field: {**getattr(self.ring(number), field), name: gate}})

    def wake_at(self, moment: datetime | None) -> None:
        """Ask to be advanced again at `moment`, or earlier."""
        if moment is not None and moment > self.now and (self.wake is None or moment < self.wake):
            self.wake = moment

    def start(
        self,
        kind: AttemptKind,
        ring: int = ALL_RINGS,
        batch: int | None = None,
        taken: tuple[Taken, ...] = (),
    ) -> str:
        """Put down an attempt, and return its id."""
        made = self.view.attempts_made + 1
        key = f"{self.view.id}/{made}"
        attempt = Attempt(key, kind, self.now, ring, batch, taken)
        self.set(attempts={**self.view.attempts, key: attempt}, attempts_made=made)
        return key

    def runs(self, kind: AttemptKind, ring: int = ALL_RINGS) -> bool:
        """Tell whether an attempt of a kind is under way (for one ring)."""
        return any(one.kind is kind and one.ring == ring for one in self.view.attempts.values())

    def notify(self, event: str, text: str, about: str = "") -> None:
        """Tell whoever asked for an event, once for each `about`."""
        key = f"{self.view.id}/{event}/{about}"
        if key in self.view.told:
            return
        self.set(told=self.view.told | {key})
        to = tuple(
            dict.fromkeys(
                name for notice in self.view.cycle.notices if event in notice.when for name in notice.to
            )
        )
        if to:
            self.commands.append(Notify(key, event, to, text))

    def tell_soon(self, notice: Notice) -> None:
        """Tell the recipients of a notice, once, that the rollout starts soon."""
        key = f"{self.view.id}/soon/{notice.before}/{','.join(notice.to)}"
        if key not in self.view.told:
            self.set(told=self.view.told | {key})
            text = f"{self.view.cycle.name} starts at {self.view.starts:%Y-%m-%dT%H:%M:%SZ}"
            self.commands.append(Notify(key, "soon", notice.to, text))

    def halt(self, reason: str) -> None:
        """Stop starting anything, until a person says how to go on. The first reason stays."""
        if self.view.status is Status.RUNNING:
            self.set(status=Status.HALTED, reason=reason, halts=self.view.halts + 1)
            self.notify("halted", reason, str(self.view.halts))

    def finish(self, outcome: Outcome, left: HostState = HostState.MISSED) -> None:
        """End the rollout; hosts that were not started end in the state `left`."""
        self.end_all_waiting(left)
        self.set(status=Status.FINISHED, outcome=outcome)
        self.commands.append(Finish(f"{self.view.id}/finish", outcome))
        self.notify("finished", outcome.value)

    def end_all_waiting(self, state: HostState) -> None:
        """End all hosts that were not started."""
        for number, ring in enumerate(self.view.rings):
            if everybody(ring):
                self.end_waiting(number, state)

    def end_waiting(self, number: int, state: HostState) -> None:
        """End all hosts of a ring that were not started."""
        ring = self.ring(number)
        left = total(ring.left())
        crowds = {}
        for kind, crowd in ring.crowds.items():
            rest = total(crowd.ready) + total(crowd.away)
            crowds[kind] = Crowd(ended=plus(crowd.ended, state, rest) if rest else crowd.ended)
            left += rest
        if not left:
            return
        counted = total(ring.left())
        self.set_ring(
            number,
            waiting={},
            later=(),
            crowds=crowds,
            ended=plus(ring.ended, state, counted) if counted else ring.ended,
        )
        if ring.state is RingState.RUNNING and counted and not self.view.slices(number):
            self.set_ring(number, batch_final=self.now)
        self.changes.append(HostsEnded(number, state))

    def count_final(self, number: int, cell: Cell, state: HostState, count: int) -> None:
        """Count hosts that are in the membership of a ring and ended."""
        ring = self.ring(number)
        values: dict[str, Any] = {"ended": plus(ring.ended, state, count)}
        if state is HostState.EFFECTIVE:
            values["effective"] = plus(ring.effective, cell.platform, count)
        self.set_ring(number, **values)


def unasked(gates: Mapping[str, GateView]) -> dict[str, GateView]:
    """Return gates that said no or whose time passed as ones that were not asked."""
    again = {GateState.NO, GateState.EXPIRED}
    return {
        name: GateView(rounds=gate.rounds + 1) if gate.state in again else gate
        for name, gate in gates.items()
    }


def everybody(ring: RingView) -> int:
    """Return how many hosts of a ring were not started, of every kind."""
    crowds = ring.crowds.values()
    return total(added(ring.left(), *(crowd.ready for crowd in crowds), *(crowd.away for crowd in crowds)))
