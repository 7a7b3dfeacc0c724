# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no rollout ever does, whatever happens in whatever order.

A machine plays any course of events against the core and, beside it, rows of hosts as a store keeps them.
After each step the counters equal a count of the rows, and no rule of `rules_hold` is broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.calendars.schedule import ALWAYS
from patchops.policy.model import (
    Amount,
    Approval,
    CommandGate,
    Cycle,
    HttpGate,
    InFlight,
    Joins,
    Once,
    Ring,
    Scope,
    Stragglers,
    Superseded,
)
from patchops.rollout.begin import Placed
from patchops.rollout.commands import Finish, Step
from patchops.rollout.events import (
    Answer,
    AttemptEnded,
    ClockMoved,
    Delta,
    Event,
    GateAnswered,
    HostsChanged,
    Joined,
    LeaseLost,
    Left,
    MemberReplaced,
    PersonSaid,
    PolicyDiffers,
    Retry,
    Saying,
    Seen,
    SubjectDiffers,
    SubjectNamed,
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
from patchops.rollout.view import ALL_RINGS, Cell
from tests.unit.rollout.world import START, World, counts_agree, cycle, percent, rules_hold, world

NIGHTS = tuple(
    Period(START + timedelta(days=day), START + timedelta(days=day, hours=4)) for day in range(0, 90, 2)
)
SCHEDULES: Mapping[str, tuple[Period, ...]] = {"always": ALWAYS, "nights": NIGHTS, "never": ()}
PEOPLE = ("ada", "bob", "cyd")

amounts = st.builds(Amount, st.integers(0, 3)) | st.builds(percent, st.integers(0, 100))
sizes = st.builds(Amount, st.integers(1, 3)) | st.builds(percent, st.integers(1, 100))
spans = st.sampled_from([timedelta(), timedelta(minutes=30), timedelta(days=1)])
cells = st.builds(
    Cell,
    st.sampled_from(["always", "always", "nights", "nights", "never"]),
    st.sampled_from(["debian-12", "rocky-9"]),
    st.sampled_from([(), (("site", "a"),), (("site", "b"),)]),
)
gates: Mapping[str, Any] = {
    "board": Approval("board", ("ada", "bob"), within=timedelta(days=2)),
    "later": Approval("later", ("ada", "bob"), count=2, joins=Joins.LATER),
    "ticket": CommandGate("ticket", ("/bin/ticket",), once=Once.RING),
    "ready": CommandGate("ready", ("/bin/ready",)),
    "page": HttpGate("page", "https://status.example.com"),
}
rings = st.builds(
    Ring,
    name=st.just("ring"),
    hosts=st.just("ring"),
    soak=spans,
    batches=st.lists(sizes, min_size=1, max_size=3).map(tuple),
    batch_soak=spans,
    max_in_flight=st.builds(InFlight, st.none() | sizes, st.sampled_from([{}, {"site": 1}, {"site": 2}])),
    max_failures=amounts,
    min_effective=st.just(percent(0)) | amounts,
    gates=st.just(()) | st.lists(st.sampled_from(sorted(gates)), unique=True, max_size=2).map(tuple),
    stragglers=st.sampled_from(Stragglers),
)
cycles = st.builds(
    lambda of, **values: cycle(*of, gates=gates, **values),
    st.lists(rings, min_size=1, max_size=3),
    deadline=st.none() | st.just(timedelta(days=14)),
    shard=st.integers(1, 5),
    superseded=st.sampled_from(Superseded),
    on_breach=st.sampled_from(Scope),
    stage_in_freeze=st.booleans(),
)
ends = st.sampled_from(
    [HostState.EFFECTIVE] * 8 + [*LOST, HostState.REFUSED, HostState.WAITING, HostState.AWAY]
)


class Rollout(RuleBasedStateMachine):
    """Any course of events of one rollout."""

    it: World
    finishes = 0

    @initialize(policy=cycles, data=st.data(), requester=st.sampled_from(["", "ada"]))
    def start(self, policy: Cycle, data: st.DataObject, requester: str) -> None:
        placed = data.draw(
            st.lists(
                st.builds(
                    Placed,
                    st.integers(0, len(policy.rings) - 1),
                    st.sampled_from([Kind.COUNTED] * 3 + [Kind.STRAGGLER, Kind.INTERMITTENT]),
                    cells,
                    st.integers(1, 4),
                    st.just(False),
                ),
                min_size=1,
                max_size=8,
            )
        )
        away = [
            one._replace(away=True) if one.kind is not Kind.COUNTED and data.draw(st.booleans()) else one
            for one in placed
        ]
        self.it = world(policy, away, schedules=dict(SCHEDULES), requester=requester)
        self.happen(Tick())

    def happen(self, event: Event, after: timedelta = timedelta()) -> Step:
        before = self.it.view
        step = self.it.happen(event, after=after)
        rules_hold(before, step)
        return step

    @rule(
        after=st.sampled_from(
            [timedelta(minutes=5), timedelta(hours=1), timedelta(days=1), -timedelta(hours=2)]
        )
    )
    def time_passes(self, after: timedelta) -> None:
        self.happen(Tick(), after)

    def the_core_wakes(self) -> None:
        step = self.it.last
        if step is None or step.wake_at is None:
            return
        assert step.wake_at > step.view.now
        self.it.clock = max(self.it.clock, step.wake_at)
        self.happen(Tick())

    @rule(rounds=st.integers(1, 4))
    def all_goes_well(self, rounds: int) -> None:
        """Whatever is asked says yes, whatever runs ends well, and time brings the rollout on."""
        for _ in range(rounds):
            self.say_yes()
            for attempt in sorted(self.it.view.attempts.values(), key=lambda one: one.id):
                if attempt.kind is AttemptKind.SLICE:
                    rows = [host for host in self.it.hosts if host.attempt == attempt.id]
                    deltas = tuple(
                        Delta(row.kind, row.cell, HostState.EFFECTIVE, 1, lost_before=row.was_lost)
                        for row in rows
                    )
                    self.happen(AttemptEnded(attempt.id, deltas))
                else:
                    self.happen(AttemptEnded(attempt.id, proven=self.it.proven()))
            self.the_core_wakes()

    def say_yes(self) -> None:
        for number, ring in enumerate(self.it.view.rings):
            for joiners, said in ((False, ring.gates), (True, ring.joiner_gates)):
                for name, gate in said.items():
                    if gate.state is not GateState.ASKED:
                        continue
                    if not isinstance(gates[name], Approval):
                        self.happen(GateAnswered(number, name, Answer.YES))
                        continue
                    for who in ("ada", "bob"):
                        said_yes = PersonSaid(who, Saying.APPROVE, "", number, name, gate.subject, joiners)
                        self.happen(said_yes)

    @precondition(lambda self: self.it.view.attempts)
    @rule(data=st.data())
    def an_attempt_ends(self, data: st.DataObject) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.it.view.attempts.values(), key=lambda one: one.id)))
        failure = data.draw(st.sampled_from(["", "", "", "no fork"]))
        if attempt.kind is AttemptKind.SLICE:
            deltas = self.slice_deltas(data, attempt.id)
            self.happen(AttemptEnded(attempt.id, deltas, failure=failure))
        elif attempt.kind is AttemptKind.SEAL:
            self.happen(AttemptEnded(attempt.id, proven=self.it.proven(), failure=failure))
        elif attempt.kind is AttemptKind.STAGE:
            self.happen(AttemptEnded(attempt.id, failure=failure))
        else:
            taken_back = attempt.kind is AttemptKind.TAKE_BACK
            rows = [
                host
                for host in self.it.hosts
                if host.state is HostState.EFFECTIVE and attempt.ring in {ALL_RINGS, host.ring}
            ]
            if attempt.ring == ALL_RINGS:
                rows = [host for host in rows if host.ring == rows[0].ring]
            some = rows[: data.draw(st.integers(0, len(rows)))]
            state = HostState.TAKEN_BACK if taken_back else HostState.FAILED
            deltas = tuple(Delta(host.kind, host.cell, state, 1, lost_before=host.was_lost) for host in some)
            self.happen(AttemptEnded(attempt.id, deltas, failure=failure))

    def slice_deltas(self, data: st.DataObject, key: str) -> tuple[Delta, ...]:
        deltas = []
        for host in [host for host in self.it.hosts if host.attempt == key]:
            state = data.draw(ends)
            if not host.was_lost and data.draw(st.integers(0, 19)) == 0:
                continue  # nothing is said of this host
            touched = state not in {HostState.WAITING, HostState.AWAY} and data.draw(st.booleans())
            deltas.append(
                Delta(
                    host.kind,
                    host.cell,
                    state,
                    1,
                    touched,
                    retired=data.draw(st.booleans()) and data.draw(st.booleans()),
                    lost_before=host.was_lost,
                )
            )
        return tuple(deltas)

    @precondition(lambda self: self.it.view.attempts)
    @rule(data=st.data())
    def a_lease_is_lost(self, data: st.DataObject) -> None:
        self.happen(LeaseLost(data.draw(st.sampled_from(sorted(self.it.view.attempts)))))

    @rule(data=st.data(), answer=st.sampled_from([Answer.YES, Answer.YES, Answer.NO, Answer.AGAIN]))
    def a_gate_answers(self, data: st.DataObject, answer: Answer) -> None:
        asked = [
            (number, name)
            for number, ring in enumerate(self.it.view.rings)
            for name, gate in ring.gates.items()
            if gate.state is GateState.ASKED and not isinstance(gates[name], Approval)
        ]
        if asked:
            number, name = data.draw(st.sampled_from(asked))
            self.happen(GateAnswered(number, name, answer, "because"))

    @rule(data=st.data(), who=st.sampled_from(PEOPLE), approves=st.sampled_from([True, True, True, False]))
    def somebody_votes(self, data: st.DataObject, who: str, approves: bool) -> None:
        asked = [
            (number, name, joiners, gate.subject)
            for number, ring in enumerate(self.it.view.rings)
            for joiners, said in ((False, ring.gates), (True, ring.joiner_gates))
            for name, gate in said.items()
            if gate.state is GateState.ASKED and isinstance(gates[name], Approval)
        ]
        if asked:
            number, name, joiners, subject = data.draw(st.sampled_from(asked))
            saying = Saying.APPROVE if approves else Saying.REJECT
            self.happen(PersonSaid(who, saying, "", number, name, subject, joiners))

    @rule(
        data=st.data(),
        saying=st.sampled_from(
            [Saying.PAUSE, Saying.RESUME, Saying.RESUME, Saying.RESUME, Saying.ACCEPT_CLOCK]
        ),
    )
    def somebody_speaks(self, data: st.DataObject, saying: Saying) -> None:
        self.happen(PersonSaid("ada", saying))

    @rule(saying=st.sampled_from([Saying.ABORT, Saying.ROLL_BACK]), sure=st.integers(0, 9))
    def somebody_ends_it(self, saying: Saying, sure: int) -> None:
        if sure == 7:
            self.happen(PersonSaid("ada", saying))

    @rule(data=st.data())
    def hosts_are_tried_again(self, data: st.DataObject) -> None:
        final = [host for host in self.it.hosts if host.state not in NOT_FINAL]
        if final:
            host = data.draw(st.sampled_from(final))
            retry = Retry(host.ring, host.kind, host.cell, host.state, 1)
            self.happen(PersonSaid("ada", Saying.RETRY, hosts=(retry,)))

    @rule(data=st.data())
    def hosts_are_seen(self, data: st.DataObject) -> None:
        away = [host for host in self.it.hosts if host.state is HostState.AWAY]
        if away:
            host = data.draw(st.sampled_from(away))
            self.happen(Seen(host.ring, host.kind, host.cell, 1))

    @rule(data=st.data(), cell=cells)
    def a_host_joins(self, data: st.DataObject, cell: Cell) -> None:
        ring = data.draw(st.integers(0, len(self.it.view.rings) - 1))
        if self.it.view.status is not Status.FINISHED:
            self.happen(HostsChanged(joined=(Joined(ring, cell, 1),)))

    @rule(data=st.data(), state=st.sampled_from([HostState.RETIRED, HostState.PREEMPTED]))
    def a_host_leaves(self, data: st.DataObject, state: HostState) -> None:
        waiting = [host for host in self.it.hosts if host.state in {HostState.WAITING, HostState.AWAY}]
        if waiting:
            host = data.draw(st.sampled_from(waiting))
            away = host.state is HostState.AWAY
            self.happen(
                HostsChanged(left=(Left(host.ring, host.kind, host.cell, 1, host.batch, away, state),))
            )

    @rule(moved=st.booleans())
    def the_clock_moves(self, moved: bool) -> None:
        self.happen(ClockMoved(settled=not moved))

    @rule(data=st.data())
    def something_differs(self, data: st.DataObject) -> None:
        ring = data.draw(st.integers(0, len(self.it.view.rings) - 1))
        name = data.draw(st.sampled_from(["board", "later"]))
        event: Event = data.draw(
            st.sampled_from(
                [
                    PolicyDiffers(),
                    MemberReplaced("openssl"),
                    SubjectDiffers(ring, name, "the patch set"),
                    SubjectNamed(ring, name, "sha256:1"),
                ]
            )
        )
        self.happen(event)

    @invariant()
    def the_counters_equal_a_recount(self) -> None:
        counts_agree(self.it)

    @invariant()
    def no_command_is_given_twice(self) -> None:
        repeated = {
            key: count for key, count in self.it.keys.items() if count > 1 and not key.endswith("/ask")
        }
        assert not repeated, repeated

    @invariant()
    def a_rollout_that_ended_left_no_host_behind(self) -> None:
        finishes = [one for one in self.it.commands if isinstance(one, Finish)]
        assert len(finishes) == (self.it.view.status is Status.FINISHED)
        if finishes:
            left = [host for host in self.it.hosts if host.state in NOT_FINAL]
            assert not left, left
            assert not self.it.view.attempts

    @invariant()
    def a_host_under_way_is_in_exactly_one_slice(self) -> None:
        flying = [host for host in self.it.hosts if host.state is HostState.FLYING]
        assert all(host.attempt in self.it.view.attempts for host in flying)

    @invariant()
    def what_stands_still_waits_for_somebody_or_has_a_wake_up(self) -> None:
        """A rollout that neither runs nor waits for an event would never end."""
        step = self.it.last
        if step is None or step.view.status is not Status.RUNNING or step.view.clock_moved:
            return
        asked = any(
            gate.state is GateState.ASKED
            for ring in step.view.rings
            for gate in (*ring.gates.values(), *ring.joiner_gates.values())
        )
        assert step.wake_at or step.view.attempts or asked or self.waits_for_ever(step), step.view

    @staticmethod
    def waits_for_ever(step: Step) -> bool:
        """Tell whether hosts whose window never opens, or that are not seen, hold a rollout for ever."""
        return any(
            cell.schedule == "never" or crowd_is_away
            for ring in step.view.rings
            if ring.state is not RingState.DONE
            for crowd_is_away in [any(crowd.away for crowd in ring.crowds.values())]
            for cell in [
                *ring.left(),
                *(cell for crowd in ring.crowds.values() for cell in (*crowd.ready, *crowd.away)),
            ]
        )


TestRollout = Rollout.TestCase
