# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play a rollout forward: the same `advance`, a heap of events, and durations that were measured."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patchops.policy.model import Approval
from patchops.rollout.advance import advance
from patchops.rollout.commands import (
    AskGate,
    Command,
    Seal,
    Stage,
    StartSlice,
    TakeBack,
    Verify,
)
from patchops.rollout.events import (
    Answer,
    AttemptEnded,
    Delta,
    Event,
    GateAnswered,
    PersonSaid,
    Saying,
    Tick,
)
from patchops.rollout.states import HostState, RingState, Status
from patchops.rollout.view import Attempt, RolloutView


@dataclass(frozen=True)
class Durations:
    """How long work took when it was measured; one sample is drawn for each attempt.

    The default is what a rollout without a history assumes.
    """

    stage: Sequence[timedelta] = (timedelta(minutes=5),)
    change: Sequence[timedelta] = (timedelta(minutes=15),)
    verify: Sequence[timedelta] = (timedelta(minutes=2),)
    seal: Sequence[timedelta] = (timedelta(seconds=10),)


@dataclass(frozen=True)
class Assumptions:
    """What a simulation takes for granted: how late people approve, and how many hosts fail (0 to 1)."""

    approval: timedelta = timedelta(hours=4)
    failures: float = 0.0


@dataclass(frozen=True)
class SimulatedSlice:
    """When a slice began and ended, and of how many hosts."""

    ring: int
    batch: int | None
    hosts: int
    begins: datetime
    ends: datetime


@dataclass
class RingTimes:
    """When a ring began, soaked and was done; None: never."""

    begins: datetime | None = None
    soaks: datetime | None = None
    done: datetime | None = None


@dataclass
class Course:
    """What a simulation comes to. `ends` is None where it halted, or went on beyond its end."""

    rings: list[RingTimes]
    slices: list[SimulatedSlice] = field(default_factory=list)
    view: RolloutView | None = None
    ends: datetime | None = None
    steps: int = 0


def simulate(
    view: RolloutView,
    until: datetime,
    durations: Durations | None = None,
    assumptions: Assumptions | None = None,
    seed: int = 0,
) -> Course:
    """Play a rollout from where it stands until it ends, halts, or `until`.

    Hosts end effective, or fail as often as assumed; who is away stays away; gates say yes, people after
    their delay. The same seed gives the same course.
    """
    return _Simulation(view, until, durations or Durations(), assumptions or Assumptions(), seed).run()


class _Simulation:
    def __init__(
        self,
        view: RolloutView,
        until: datetime,
        durations: Durations,
        assumptions: Assumptions,
        seed: int,
    ) -> None:
        self.view = view
        self.until = until
        self.durations = durations
        self.assumptions = assumptions
        self.random = random.Random(seed)  # noqa: S311 - it draws durations, no secrets
        self.order = itertools.count()
        self.heap: list[tuple[datetime, int, Event]] = []
        self.course = Course([RingTimes() for _ in view.rings])
        self.woken: set[datetime] = set()

    def run(self) -> Course:
        """Play until nothing is left to happen."""
        self._later(max(self.view.starts, self.view.now), Tick())
        while self.heap:
            moment, _order, event = heapq.heappop(self.heap)
            if moment > self.until:
                break
            self.course.steps += 1
            step = advance(self.view, (event,), moment)
            self._note(step.view, step.rings, moment)
            self.view = step.view
            for command in step.commands:
                self._carry_out(moment, command)
            if step.wake_at is not None and step.wake_at not in self.woken:
                self.woken.add(step.wake_at)
                self._later(step.wake_at, Tick())
            if self.view.status in {Status.FINISHED, Status.HALTED}:
                break
        self.course.view = self.view
        if self.view.status is Status.FINISHED:
            self.course.ends = self.view.now
        return self.course

    def _later(self, moment: datetime, event: Event) -> None:
        heapq.heappush(self.heap, (moment, next(self.order), event))

    def _note(self, after: RolloutView, rings: frozenset[int], now: datetime) -> None:
        for number in rings:
            times, state = self.course.rings[number], after.rings[number].state
            if state is not RingState.WAITING and times.begins is None:
                times.begins = now
            if state not in {RingState.WAITING, RingState.RUNNING} and times.soaks is None:
                times.soaks = after.rings[number].soak_from or now
            if state is RingState.DONE and times.done is None:
                times.done = now

    def _carry_out(self, now: datetime, command: Command) -> None:
        if isinstance(command, StartSlice):
            self._slice(now, command)
        elif isinstance(command, AskGate):
            self._ask(now, command)
        elif isinstance(command, Stage):
            self._later(now + self._drawn(self.durations.stage), AttemptEnded(command.key))
        elif isinstance(command, Verify) and command.attempt is None:
            self._later(now + self._drawn(self.durations.verify), AttemptEnded(command.key))
        elif isinstance(command, Seal):
            proven = frozenset(self.view.rings[0].effective)
            self._later(now + self._drawn(self.durations.seal), AttemptEnded(command.key, proven=proven))
        elif isinstance(command, TakeBack):
            self._later(now + self._drawn(self.durations.change), AttemptEnded(command.key))

    def _drawn(self, samples: Sequence[timedelta]) -> timedelta:
        return self.random.choice(samples) if len(samples) > 1 else samples[0]

    def _slice(self, now: datetime, command: StartSlice) -> None:
        attempt: Attempt = self.view.attempts[command.key]
        ends = now + self._drawn(self.durations.change)
        hosts = sum(taken.number for taken in attempt.taken)
        deltas = []
        for kind, cell, number in attempt.taken:
            failed = self._failures(number)
            if failed:
                deltas.append(Delta(kind, cell, HostState.ROLLED_BACK, failed))
            if number > failed:
                deltas.append(Delta(kind, cell, HostState.EFFECTIVE, number - failed))
        self.course.slices.append(SimulatedSlice(command.ring, command.batch, hosts, now, ends))
        self._later(ends, AttemptEnded(command.key, tuple(deltas)))

    def _failures(self, number: int) -> int:
        if not self.assumptions.failures:
            return 0
        return sum(self.random.random() < self.assumptions.failures for _ in range(number))

    def _ask(self, now: datetime, command: AskGate) -> None:
        policy = self.view.cycle.gates[command.gate]
        if not isinstance(policy, Approval):
            self._later(now, GateAnswered(command.ring, command.gate, Answer.YES))
            return
        voters = [who for who in policy.by if not (policy.not_by_requester and who == self.view.requester)]
        for who in voters[: policy.count]:
            said = PersonSaid(who, Saying.APPROVE, "", command.ring, command.gate, "", command.joiners)
            self._later(now + self.assumptions.approval, said)
