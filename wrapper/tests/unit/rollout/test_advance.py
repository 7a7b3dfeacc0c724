# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a rollout advances, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.policy.model import (
    Amount,
    Approval,
    CommandGate,
    HttpGate,
    InFlight,
    Joins,
    Notice,
    Once,
    Scope,
    Stragglers,
    Superseded,
)
from patchops.rollout.begin import Placed
from patchops.rollout.commands import (
    AskGate,
    Cancel,
    Finish,
    Notify,
    Seal,
    Stage,
    StartSlice,
    TakeBack,
    Verify,
)
from patchops.rollout.events import (
    Answer,
    AttemptEnded,
    ClockMoved,
    Delta,
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
)
from patchops.rollout.states import AttemptKind, GateState, HostState, Kind, Outcome, RingState, Status
from patchops.rollout.view import Cell
from tests.unit.rollout.world import (
    DEBIAN,
    ROCKY,
    START,
    World,
    counted_hosts,
    counts_agree,
    cycle,
    percent,
    ring,
    taken,
    world,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def begun(policy: object, *placed: Placed, **values: object) -> World:
    """Return a rollout whose first ring is staged."""
    it = world(policy, placed, **values)  # type: ignore[arg-type]
    it.happen()
    it.finish_all(AttemptKind.STAGE)
    return it


def kinds(it: World) -> list[str]:
    return [type(command).__name__ for command in it.commands]


def only_slice(it: World) -> StartSlice:
    (command,) = it.slices()
    return command


def test_a_rollout_waits_for_its_start_and_wakes_at_it() -> None:
    it = world(cycle(ring()), [counted_hosts(1)])
    it.clock = START - HOUR
    step = it.happen()
    assert step.view.status is Status.SCHEDULED
    assert step.wake_at == START
    assert not step.commands


def test_a_ring_is_staged_changed_sealed_and_the_rollout_ends() -> None:
    it = world(cycle(ring()), [counted_hosts(3)])
    it.happen()
    it.finish_all(AttemptKind.STAGE)
    it.finish_all(AttemptKind.SLICE)
    it.finish_all(AttemptKind.SEAL)
    assert kinds(it) == ["Stage", "StartSlice", "Seal", "Finish"]
    assert it.view.outcome is Outcome.DONE
    assert it.states(0) == {HostState.EFFECTIVE: 3}


def test_a_second_ring_begins_only_after_the_first_is_done_and_sealed() -> None:
    it = begun(cycle(ring("canary"), ring("broad")), counted_hosts(1), counted_hosts(2, ring=1))
    it.finish_all(AttemptKind.SLICE)
    assert isinstance(it.commands[-1], Seal)
    it.finish_all(AttemptKind.SEAL)
    assert it.commands[-1] == Stage("r1/4", 1)
    it.finish_all(AttemptKind.STAGE)
    assert it.slices()[-1].ring == 1
    assert it.slices()[-1].promote


def test_a_ring_waits_until_the_soak_of_the_one_before_it_is_over() -> None:
    policy = cycle(ring("canary"), ring("early", soak=DAY), ring("broad"))
    it = begun(policy, *(counted_hosts(1, number) for number in range(3)))
    for kind in (AttemptKind.SLICE, AttemptKind.SEAL, AttemptKind.STAGE, AttemptKind.SLICE):
        it.finish_all(kind)
    it.finish_all(AttemptKind.STAGE)
    assert [one.ring for one in it.slices()] == [0, 1]
    it.happen(after=DAY)
    it.finish_all(AttemptKind.VERIFY)
    assert [one.ring for one in it.slices()] == [0, 1, 2]


def test_a_platform_that_the_first_ring_did_not_prove_is_not_promoted() -> None:
    it = begun(
        cycle(ring("canary"), ring("broad")),
        counted_hosts(1),
        counted_hosts(2, 1, DEBIAN),
        counted_hosts(3, 1, ROCKY),
    )
    for _ in range(3):
        for kind in AttemptKind:
            it.finish_all(kind)
    assert it.states(1) == {HostState.EFFECTIVE: 2, HostState.UNPROVEN: 3}
    assert it.view.rings[1].membership == 2


def test_the_first_ring_halts_when_a_platform_of_it_has_no_effective_host() -> None:
    policy = cycle(ring(max_failures=Amount(1), min_effective=percent(50)))
    it = begun(policy, counted_hosts(9), counted_hosts(1, cell=ROCKY))
    it.end(only_slice(it).key, *[HostState.EFFECTIVE] * 9, HostState.FAILED)
    assert it.view.status is Status.HALTED
    assert "proves nothing for rocky-9" in it.view.reason


def test_a_ring_with_too_few_effective_hosts_halts() -> None:
    it = begun(cycle(ring(max_failures=Amount(5))), counted_hosts(3))
    it.end(only_slice(it).key, HostState.REFUSED)
    assert it.view.status is Status.HALTED
    assert it.view.reason == "ring canary: 2 of 3 hosts are effective; 90% (3) have to be"


def test_resume_accepts_that_too_few_are_effective() -> None:
    it = begun(cycle(ring(max_failures=Amount(5))), counted_hosts(3))
    it.end(only_slice(it).key, HostState.REFUSED)
    it.happen(PersonSaid("ada", Saying.RESUME))
    assert it.view.rings[0].state is RingState.DONE
    assert isinstance(it.commands[-1], Seal)


def test_batches_follow_one_another_and_the_last_size_repeats() -> None:
    it = begun(cycle(ring(batches=(Amount(1), Amount(2)))), counted_hosts(6))
    for _ in range(4):
        it.finish_all(AttemptKind.SLICE)
    assert [taken(one) for one in it.slices()] == [1, 2, 2, 1]
    assert [one.batch for one in it.slices()] == [0, 1, 2, 3]


def test_a_batch_is_a_barrier() -> None:
    it = begun(cycle(ring(batches=(Amount(2),)), shard=1), counted_hosts(3))
    first, second = it.slices()
    it.end(first.key)
    assert len(it.slices()) == 2
    it.end(second.key)
    assert len(it.slices()) == 3


def test_batches_wait_for_their_soak() -> None:
    it = begun(cycle(ring(batches=(Amount(1),), batch_soak=HOUR)), counted_hosts(2))
    it.finish_all(AttemptKind.SLICE)
    assert len(it.slices()) == 1
    assert it.last is not None
    assert it.last.wake_at == START + HOUR
    it.happen(after=HOUR)
    assert len(it.slices()) == 2


def test_no_more_hosts_are_under_way_than_allowed_and_a_free_place_is_taken() -> None:
    policy = cycle(ring(max_in_flight=InFlight(total=Amount(2))), shard=1)
    it = begun(policy, counted_hosts(4))
    assert len(it.slices()) == 2
    it.end(it.slices()[0].key)
    assert len(it.slices()) == 3


def test_a_percentage_in_flight_is_at_least_one_host() -> None:
    it = begun(cycle(ring(max_in_flight=InFlight(total=percent(5)))), counted_hosts(4))
    assert taken(only_slice(it)) == 1


def test_a_limit_for_each_site_holds() -> None:
    cells = [Cell("always", "debian-12", (("site", name),)) for name in ("a", "b")]
    policy = cycle(ring(max_in_flight=InFlight(per={"site": 2})))
    it = begun(policy, counted_hosts(5, cell=cells[0]), counted_hosts(1, cell=cells[1]))
    assert {one.cell: one.number for one in only_slice(it).taken} == {cells[0]: 2, cells[1]: 1}


def test_a_slice_holds_no_more_hosts_than_a_shard() -> None:
    it = begun(cycle(ring(), shard=100), counted_hosts(250))
    assert [taken(one) for one in it.slices()] == [100, 100, 50]


def test_a_broken_budget_halts_and_what_runs_finishes() -> None:
    it = begun(cycle(ring(max_failures=Amount(1)), shard=2), counted_hosts(6), counted_hosts(0))
    first, second, third = it.slices()
    it.end(first.key, HostState.FAILED, HostState.ROLLED_BACK)
    assert it.view.status is Status.HALTED
    assert it.view.reason == "ring canary lost 2 of 6 hosts; 1 may be lost"
    it.end(second.key)
    it.end(third.key)
    assert it.states(0) == {HostState.EFFECTIVE: 4, HostState.FAILED: 1, HostState.ROLLED_BACK: 1}
    assert len(it.slices()) == 3


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [(Scope.HOST, None), (Scope.NONE, None), (Scope.RING, (0, None)), (Scope.BATCH, (0, 1))],
)
def test_a_broken_budget_takes_back_what_the_policy_says(
    scope: Scope, wanted: tuple[int, int | None] | None
) -> None:
    it = begun(cycle(ring(batches=(Amount(2),)), on_breach=scope), counted_hosts(4))
    it.finish_all(AttemptKind.SLICE)
    it.end(it.slices()[1].key, HostState.FAILED)
    taken_back = [one for one in it.commands if isinstance(one, TakeBack)]
    assert [(one.ring, one.batch) for one in taken_back] == ([wanted] if wanted else [])


def test_a_percentage_of_failures_is_rounded_down() -> None:
    it = begun(cycle(ring(max_failures=percent(10))), counted_hosts(19))
    assert it.view.rings[0].allowed == 1


def test_resume_accepts_what_was_lost_and_the_next_loss_halts_again() -> None:
    it = begun(cycle(ring(batches=(Amount(1),), min_effective=Amount(0))), counted_hosts(3))
    it.end(it.slices()[0].key, HostState.FAILED)
    it.happen(PersonSaid("ada", Saying.RESUME))
    assert it.view.status is Status.RUNNING
    it.end(it.slices()[1].key, HostState.UNKNOWN)
    assert it.view.status is Status.HALTED


def test_a_host_that_is_tried_again_keeps_using_up_the_budget() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    it.end(only_slice(it).key, HostState.FAILED)
    retry = Retry(0, Kind.COUNTED, DEBIAN, HostState.FAILED, 1)
    it.happen(PersonSaid("ada", Saying.RETRY, hosts=(retry,)))
    it.happen(PersonSaid("ada", Saying.RESUME))
    it.finish_all(AttemptKind.SLICE)
    assert it.view.rings[0].lost == 1
    assert it.states(0) == {HostState.EFFECTIVE: 1}
    counts_agree(it)


def test_a_host_whose_end_is_unknown_is_not_tried_again() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    it.end(only_slice(it).key, HostState.UNKNOWN)
    retry = Retry(0, Kind.COUNTED, DEBIAN, HostState.UNKNOWN, 1)
    step = it.happen(PersonSaid("ada", Saying.RETRY, hosts=(retry,)))
    assert "is unknown" in step.refused[0]


def test_the_soak_counts_from_the_last_final_host_and_ends_in_a_verification() -> None:
    it = begun(cycle(ring(soak=DAY)), counted_hosts(2))
    it.clock += HOUR
    it.finish_all(AttemptKind.SLICE)
    assert it.last is not None
    assert it.last.wake_at == START + HOUR + DAY
    it.happen(after=DAY)
    assert isinstance(it.commands[-1], Verify)
    it.finish_all(AttemptKind.VERIFY)
    assert it.view.rings[0].state is RingState.DONE


def test_a_host_that_no_longer_passes_after_the_soak_is_lost() -> None:
    it = begun(cycle(ring(soak=DAY)), counted_hosts(2))
    it.finish_all(AttemptKind.SLICE)
    it.happen(after=DAY)
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, (Delta(Kind.COUNTED, DEBIAN, HostState.FAILED, 1),)))
    assert it.view.status is Status.HALTED
    assert it.view.rings[0].lost == 1
    counts_agree(it)


def test_a_verification_that_could_not_be_made_halts_and_is_made_again() -> None:
    it = begun(cycle(ring(soak=DAY)), counted_hosts(1))
    it.finish_all(AttemptKind.SLICE)
    it.happen(after=DAY)
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, failure="no fork"))
    assert "could not be verified after their soak: no fork" in it.view.reason
    it.happen(PersonSaid("ada", Saying.RESUME))
    assert [attempt.kind for attempt in it.view.attempts.values()] == [AttemptKind.VERIFY]


def test_nothing_begins_outside_of_a_window_and_the_core_wakes_when_it_opens() -> None:
    night = Period(START + HOUR, START + 2 * HOUR)
    cell = Cell("night", "debian-12")
    it = begun(cycle(ring()), counted_hosts(1, cell=cell), schedules={"night": (night,)})
    assert not it.slices()
    assert it.last is not None
    assert it.last.wake_at == START + HOUR
    it.happen(after=HOUR)
    assert len(it.slices()) == 1


def test_a_slice_takes_only_hosts_whose_own_window_is_open() -> None:
    tokyo, berlin = Cell("tokyo", "debian-12"), Cell("berlin", "debian-12")
    schedules = {
        "tokyo": (Period(START, START + HOUR),),
        "berlin": (Period(START + 7 * HOUR, START + 8 * HOUR),),
    }
    policy = cycle(ring(batches=(Amount(2),)))
    it = begun(policy, counted_hosts(1, cell=tokyo), counted_hosts(1, cell=berlin), schedules=schedules)
    it.finish_all(AttemptKind.SLICE)
    assert [[one.cell for one in command.taken] for command in it.slices()] == [[tokyo]]
    it.happen(after=7 * HOUR)
    assert [one.cell for one in it.slices()[-1].taken] == [berlin]


def test_hosts_that_a_play_did_not_start_wait_again_in_their_batch() -> None:
    it = begun(cycle(ring()), counted_hosts(2))
    it.end(only_slice(it).key, HostState.WAITING)
    assert taken(it.slices()[-1]) == 1
    counts_agree(it)


BOARD = Approval("board", ("ada", "bob"), within=2 * DAY)


def asked(it: World, gate: str = "board") -> list[AskGate]:
    return [one for one in it.commands if isinstance(one, AskGate) and one.gate == gate]


def with_board(**values: object) -> World:
    policy = cycle(ring(gates=("board",)), gates={"board": replace(BOARD, **values)})  # type: ignore[arg-type]
    return begun(policy, counted_hosts(2), requester="cyd")


def approve(it: World, who: str, **values: object) -> tuple[str, ...]:
    return it.happen(PersonSaid(who, Saying.APPROVE, ring=0, gate="board", **values)).refused  # type: ignore[arg-type]


def test_a_ring_waits_for_its_approval() -> None:
    it = with_board()
    assert len(asked(it)) == 1
    assert not it.slices()
    assert approve(it, "ada") == ()
    assert len(it.slices()) == 1


def test_an_approval_needs_as_many_people_as_it_says_each_once() -> None:
    it = with_board(count=2)
    assert approve(it, "ada") == ()
    assert approve(it, "ada") == ("ada has approved board already",)
    assert not it.slices()
    assert approve(it, "bob") == ()
    assert it.slices()


def test_who_asked_for_the_rollout_does_not_approve_it() -> None:
    it = with_board(by=("ada", "cyd"))
    assert "somebody else approves it" in approve(it, "cyd")[0]


def test_only_those_whom_the_policy_names_approve() -> None:
    assert "eve is none of those who may answer board: ada, bob" in approve(with_board(), "eve")[0]


def test_who_approves_names_what_was_shown() -> None:
    it = with_board()
    it.happen(SubjectNamed(0, "board", "sha256:one"))
    assert "look at it again" in approve(it, "ada", subject="sha256:two")[0]
    assert approve(it, "ada", subject="sha256:one") == ()


def test_an_approval_that_nobody_answers_halts_and_is_asked_anew_by_resume() -> None:
    it = with_board()
    step = it.happen(after=2 * DAY)
    assert step.view.status is Status.HALTED
    assert "nobody answered the approval board of ring canary in time" in step.view.reason
    it.happen(PersonSaid("ada", Saying.RESUME))
    assert len({one.key for one in asked(it)}) == 2


def test_a_rejection_halts_with_its_reason() -> None:
    it = with_board()
    it.happen(PersonSaid("ada", Saying.REJECT, "month's end", ring=0, gate="board"))
    assert it.view.reason == "ada rejected board of ring canary: month's end"


def test_an_approval_is_void_when_what_would_be_done_differs() -> None:
    it = begun(cycle(ring(gates=("board",), batches=(Amount(1),)), gates={"board": BOARD}), counted_hosts(2))
    approve(it, "ada")
    it.happen(SubjectDiffers(0, "board", "the patch set"))
    it.finish_all(AttemptKind.SLICE)
    assert len(it.slices()) == 1
    assert len(asked(it)) == 2
    approve(it, "bob")
    assert len(it.slices()) == 2


def test_a_host_that_joins_voids_the_approval() -> None:
    it = with_board()
    approve_first = approve(it, "ada")
    assert approve_first == ()
    it.happen(HostsChanged(joined=(Joined(0, DEBIAN, 1),)))
    assert it.view.rings[0].gates["board"].state is GateState.ASKED
    assert len(asked(it)) == 2


def test_a_host_that_joins_later_waits_for_an_approval_of_its_own() -> None:
    it = with_board(joins=Joins.LATER)
    approve(it, "ada")
    it.happen(HostsChanged(joined=(Joined(0, DEBIAN, 1),)))
    assert it.view.rings[0].gates["board"].state is GateState.YES
    assert asked(it)[-1].joiners
    assert sum(map(taken, it.slices())) == 2
    it.happen(PersonSaid("bob", Saying.APPROVE, ring=0, gate="board", joiners=True))
    assert sum(map(taken, it.slices())) == 3
    counts_agree(it)


def test_a_host_that_leaves_does_not_void() -> None:
    it = with_board()
    it.happen(HostsChanged(left=(Left(0, Kind.COUNTED, DEBIAN, 1),)))
    assert len(asked(it)) == 1


def test_the_gates_of_the_next_ring_are_asked_when_the_soak_begins() -> None:
    policy = cycle(ring("canary", soak=DAY), ring("broad", gates=("board",)), gates={"board": BOARD})
    it = begun(policy, counted_hosts(1), counted_hosts(1, ring=1))
    assert not asked(it)
    it.finish_all(AttemptKind.SLICE)
    assert [one.ring for one in asked(it)] == [1]


READY = CommandGate("ready", ("/bin/ready",))


def with_gate(gate: CommandGate | HttpGate) -> World:
    policy = cycle(ring(gates=(gate.name,), batches=(Amount(1),)), gates={gate.name: gate})
    return begun(policy, counted_hosts(2))


def test_a_command_is_asked_before_each_slice() -> None:
    it = with_gate(READY)
    assert len(asked(it, "ready")) == 1
    it.happen(GateAnswered(0, "ready", Answer.YES))
    assert len(it.slices()) == 1
    it.finish_all(AttemptKind.SLICE)
    assert len(asked(it, "ready")) == 2
    assert len(it.slices()) == 1


def test_a_command_for_the_ring_is_asked_once() -> None:
    it = with_gate(replace(READY, once=Once.RING))
    it.happen(GateAnswered(0, "ready", Answer.YES))
    it.finish_all(AttemptKind.SLICE)
    assert len(asked(it, "ready")) == 1
    assert len(it.slices()) == 2


def test_a_command_that_says_no_halts_with_what_it_said() -> None:
    it = with_gate(READY)
    it.happen(GateAnswered(0, "ready", Answer.NO, "the ticket is closed"))
    assert it.view.reason == "the gate ready of ring canary said no: the ticket is closed"


def test_a_command_that_says_again_is_asked_again_after_its_pause() -> None:
    it = with_gate(READY)
    step = it.happen(GateAnswered(0, "ready", Answer.AGAIN))
    assert step.wake_at == START + READY.every
    it.happen(after=READY.every)
    assert len({one.key for one in asked(it, "ready")}) == 2


def test_an_address_that_says_no_is_asked_again() -> None:
    it = with_gate(HttpGate("ready", "https://status.example.com/ready"))
    step = it.happen(GateAnswered(0, "ready", Answer.NO, "503"))
    assert step.view.status is Status.RUNNING
    assert step.wake_at == START + timedelta(minutes=5)


def test_the_answer_to_a_gate_that_was_not_asked_is_refused() -> None:
    it = with_gate(READY)
    it.happen(GateAnswered(0, "ready", Answer.YES))
    assert it.happen(GateAnswered(0, "ready", Answer.YES)).refused


def test_pause_starts_nothing_and_resume_goes_on() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.happen(PersonSaid("ada", Saying.PAUSE, "incident"))
    it.finish_all(AttemptKind.SLICE)
    it.happen(after=DAY)
    assert len(it.slices()) == 1
    it.happen(PersonSaid("ada", Saying.RESUME))
    assert len(it.slices()) == 2


def test_abort_drains_what_runs_and_ends() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.happen(PersonSaid("ada", Saying.ABORT))
    assert it.commands[-1] == Cancel("r1/abort/2", ("r1/2",))
    it.finish_all(AttemptKind.SLICE)
    assert it.commands[-1] == Finish("r1/finish", Outcome.ABORTED)
    assert it.states(0) == {HostState.EFFECTIVE: 1, HostState.MISSED: 1}


def test_a_rollback_takes_everything_back_whatever_the_window_says() -> None:
    night = Cell("night", "debian-12")
    schedules = {"night": (Period(START, START + HOUR),)}
    it = begun(cycle(ring()), counted_hosts(2, cell=night), schedules=schedules)
    it.finish_all(AttemptKind.SLICE)
    it.happen(PersonSaid("ada", Saying.ROLL_BACK), after=2 * HOUR)
    it.finish_all(AttemptKind.SEAL)
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, (Delta(Kind.COUNTED, night, HostState.TAKEN_BACK, 2),)))
    assert it.view.outcome is Outcome.ROLLED_BACK
    assert it.states(0) == {HostState.TAKEN_BACK: 2}


def test_a_rollback_that_fails_stays_halted_and_can_be_asked_for_again() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.finish_all(AttemptKind.SLICE)
    it.finish_all(AttemptKind.SLICE)
    it.happen(PersonSaid("ada", Saying.ROLL_BACK))
    it.finish_all(AttemptKind.SEAL)
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, failure="no fork"))
    assert it.view.status is Status.HALTED
    assert it.happen(PersonSaid("ada", Saying.ROLL_BACK)).refused == ()


def test_nothing_begins_after_the_deadline_and_what_is_left_is_missed() -> None:
    it = begun(cycle(ring(batches=(Amount(1),)), deadline=DAY), counted_hosts(3))
    it.happen(after=DAY)
    it.finish_all(AttemptKind.SLICE)
    it.finish_all(AttemptKind.SEAL)
    assert it.states(0) == {HostState.EFFECTIVE: 1, HostState.MISSED: 2}
    assert len(it.slices()) == 1


def test_a_straggler_is_tried_when_it_is_seen_and_is_in_no_budget() -> None:
    away = Placed(0, Kind.STRAGGLER, DEBIAN, 1, away=True)
    it = begun(cycle(ring(), deadline=14 * DAY), counted_hosts(1), away)
    it.finish_all(AttemptKind.SLICE)
    it.finish_all(AttemptKind.SEAL)
    assert it.view.status is Status.RUNNING
    it.happen(Seen(0, Kind.STRAGGLER, DEBIAN, 1), after=3 * DAY)
    it.end(it.slices()[-1].key, HostState.FAILED)
    assert it.view.rings[0].lost == 0
    assert it.view.outcome is Outcome.DONE
    assert it.states(0) == {HostState.EFFECTIVE: 1, HostState.FAILED: 1}


def test_a_straggler_that_is_gone_again_waits_to_be_seen() -> None:
    it = begun(cycle(ring(), deadline=DAY), counted_hosts(1), Placed(0, Kind.STRAGGLER, DEBIAN))
    straggler = next(one for one in it.slices() if one.batch is None)
    it.end(straggler.key, HostState.UNREACHABLE, touched=False)
    assert it.states(0)[HostState.AWAY] == 1
    it.happen(after=DAY)
    assert it.states(0)[HostState.MISSED] == 1
    counts_agree(it)


def test_a_ring_that_holds_for_stragglers_is_not_done_without_them() -> None:
    policy = cycle(ring(stragglers=Stragglers.HOLD), deadline=DAY)
    it = begun(policy, counted_hosts(1), Placed(0, Kind.STRAGGLER, DEBIAN, 1, away=True))
    it.finish_all(AttemptKind.SLICE)
    assert it.view.rings[0].state is RingState.SOAKING
    it.happen(Seen(0, Kind.STRAGGLER, DEBIAN, 1))
    it.finish_all(AttemptKind.SLICE)
    assert it.view.rings[0].state is RingState.DONE


def test_an_intermittent_host_counts_once_it_was_touched() -> None:
    it = begun(cycle(ring()), counted_hosts(1), Placed(0, Kind.INTERMITTENT, DEBIAN))
    other = next(one for one in it.slices() if one.batch is None)
    it.end(other.key, HostState.FAILED)
    assert it.view.rings[0].membership == 2
    assert it.view.status is Status.HALTED
    counts_agree(it)


def test_an_intermittent_host_that_is_away_counts_nowhere() -> None:
    it = begun(cycle(ring()), counted_hosts(1), Placed(0, Kind.INTERMITTENT, DEBIAN))
    other = next(one for one in it.slices() if one.batch is None)
    it.end(other.key, HostState.UNREACHABLE, touched=False)
    assert it.view.rings[0].membership == 1
    assert it.view.rings[0].lost == 0


def test_a_host_that_joins_a_ring_that_has_begun_is_a_straggler() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    it.happen(HostsChanged(joined=(Joined(0, DEBIAN, 1),)))
    assert it.view.rings[0].membership == 1
    assert it.slices()[-1].batch is None
    counts_agree(it)


def test_a_host_that_leaves_stays_in_the_denominator() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.happen(HostsChanged(left=(Left(0, Kind.COUNTED, DEBIAN, 1, batch=1),)))
    assert it.view.rings[0].membership == 2
    assert it.states(0)[HostState.RETIRED] == 1
    counts_agree(it)


def test_hosts_that_an_emergency_takes_are_preempted() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    left = Left(0, Kind.COUNTED, DEBIAN, 1, batch=1, state=HostState.PREEMPTED)
    it.happen(HostsChanged(left=(left,)))
    assert it.states(0)[HostState.PREEMPTED] == 1


def test_a_host_that_left_while_under_way_is_finished_and_then_retired() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, (Delta(Kind.COUNTED, DEBIAN, HostState.FAILED, 1, retired=True),)))
    assert it.states(0) == {HostState.RETIRED: 1}
    assert it.view.rings[0].lost == 1


def test_hosts_of_which_a_slice_says_nothing_are_unknown() -> None:
    it = begun(cycle(ring()), counted_hosts(2))
    (attempt,) = it.view.attempts
    it.happen(AttemptEnded(attempt, (Delta(Kind.COUNTED, DEBIAN, HostState.EFFECTIVE, 1),)))
    assert it.states(0) == {HostState.EFFECTIVE: 1, HostState.UNKNOWN: 1}
    counts_agree(it)


def test_an_attempt_that_says_more_than_it_took_is_no_event() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    (attempt,) = it.view.attempts
    with pytest.raises(ValueError, match="would be counted -1 times"):
        it.happen(AttemptEnded(attempt, (Delta(Kind.COUNTED, DEBIAN, HostState.EFFECTIVE, 2),)))


def test_an_attempt_ends_once() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    (attempt,) = it.view.attempts
    it.end(attempt)
    assert it.happen(AttemptEnded(attempt)).refused == (f"the attempt {attempt} is not under way",)


def test_the_hosts_of_an_attempt_that_nobody_renews_are_asked() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    (attempt,) = it.view.attempts
    it.happen(LeaseLost(attempt))
    assert it.commands[-1] == Verify(f"{attempt}/ask", 0, attempt)


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (Superseded.PAUSE, Status.PAUSED),
        (Superseded.CONTINUE, Status.RUNNING),
        (Superseded.REPLAN, Status.FINISHED),
    ],
)
def test_a_replaced_member_of_the_sealed_set_does_what_the_policy_says(
    policy: Superseded, status: Status
) -> None:
    it = begun(
        cycle(ring("canary"), ring("broad"), superseded=policy), counted_hosts(1), counted_hosts(1, ring=1)
    )
    it.finish_all(AttemptKind.SLICE)
    it.finish_all(AttemptKind.SEAL)
    it.happen(MemberReplaced("openssl 3.0.1"))
    it.finish_all(AttemptKind.STAGE)
    assert it.view.status is status


def test_nothing_new_starts_while_the_clock_is_in_doubt() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.happen(ClockMoved())
    it.finish_all(AttemptKind.SLICE)
    assert len(it.slices()) == 1
    it.happen(ClockMoved(settled=True))
    assert len(it.slices()) == 2


def test_a_person_may_accept_the_clock() -> None:
    it = begun(cycle(ring(batches=(Amount(1),))), counted_hosts(2))
    it.happen(ClockMoved())
    it.finish_all(AttemptKind.SLICE)
    it.happen(PersonSaid("ada", Saying.ACCEPT_CLOCK))
    assert len(it.slices()) == 2


def test_a_clock_that_goes_back_counts_as_standing_still() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    step = it.happen(after=-DAY)
    assert step.view.now == START


def test_a_policy_that_differs_is_shown_and_changes_nothing() -> None:
    it = begun(cycle(ring()), counted_hosts(1))
    before = it.view
    step = it.happen(PolicyDiffers())
    assert replace(step.view, policy_differs=False) == before


def test_recipients_are_told_once_of_each_event_they_asked_for() -> None:
    notices = (
        Notice(("ops",), ("halted", "finished", "started")),
        Notice(("web",), before=DAY),
    )
    it = world(cycle(ring(), notices=notices), [counted_hosts(1)])
    it.clock = START - DAY
    it.happen()
    it.happen()
    it.happen(after=DAY)
    it.finish_all(AttemptKind.STAGE)
    it.end(only_slice(it).key, HostState.FAILED)
    told = [(one.event, one.to) for one in it.commands if isinstance(one, Notify)]
    assert told == [("soon", ("web",)), ("started", ("ops",)), ("halted", ("ops",))]


def test_staging_may_be_kept_out_of_freezes() -> None:
    cell = Cell("night", "debian-12")
    schedules = {"night": (Period(START + HOUR, START + 2 * HOUR),)}
    policy = cycle(ring(), stage_in_freeze=False)
    it = world(policy, [counted_hosts(1, cell=cell)], schedules=schedules)
    it.happen()
    assert not it.commands
    it.happen(after=HOUR)
    assert isinstance(it.commands[0], Stage)
