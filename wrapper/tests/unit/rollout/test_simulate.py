# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playing a rollout forward."""

from __future__ import annotations

from datetime import timedelta

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.calendars.schedule import ALWAYS
from patchops.policy.model import Amount, Approval, Cycle, InFlight
from patchops.rollout.begin import Placed, new_rollout
from patchops.rollout.simulate import Assumptions, Course, Durations, simulate
from patchops.rollout.states import HostState, Kind, Outcome, Status
from patchops.rollout.view import Cell, RolloutView
from tests.unit.rollout.world import ROCKY, START, counted_hosts, cycle, percent, ring

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
YEAR = START + 365 * DAY


def rollout(policy: Cycle, *placed: Placed, requester: str = "") -> RolloutView:
    nights = tuple(Period(START + n * DAY, START + n * DAY + 4 * HOUR) for n in range(60))
    return new_rollout("plan", policy, START, placed, {"always": ALWAYS, "nights": nights}, requester)


def ended(course: Course) -> timedelta:
    assert course.ends is not None
    return course.ends - START


def test_durations_and_soaks_add_up_to_when_each_ring_is_done() -> None:
    policy = cycle(ring("canary", soak=DAY), ring("broad"))
    course = simulate(rollout(policy, counted_hosts(2), counted_hosts(9, ring=1)), YEAR)
    canary, broad = course.rings
    assert canary.begins == START + 5 * MINUTE
    assert canary.soaks == START + 20 * MINUTE
    assert canary.done == START + 20 * MINUTE + DAY + 2 * MINUTE
    assert broad.begins == canary.done + timedelta(seconds=10) + 5 * MINUTE
    assert ended(course) == DAY + timedelta(minutes=42, seconds=10)


def test_a_batch_that_does_not_fit_its_window_goes_on_in_the_next() -> None:
    nights = Cell("nights", "debian-12")
    policy = cycle(ring(max_in_flight=InFlight(total=Amount(1))))
    course = simulate(rollout(policy, counted_hosts(5, cell=nights)), YEAR, Durations(change=(2 * HOUR,)))
    assert [(one.begins - START).days for one in course.slices] == [0, 0, 1, 1, 2]


def test_a_late_approval_moves_the_end() -> None:
    gates = {"board": Approval("board", ("ada",), within=14 * DAY)}
    view = rollout(cycle(ring(gates=("board",)), gates=gates), counted_hosts(1))
    on_time = simulate(view, YEAR, assumptions=Assumptions(approval=HOUR))
    late = simulate(view, YEAR, assumptions=Assumptions(approval=HOUR + 2 * DAY))
    assert ended(late) - ended(on_time) == 2 * DAY


def test_an_approval_that_comes_after_its_time_halts() -> None:
    gates = {"board": Approval("board", ("ada",), within=DAY)}
    view = rollout(cycle(ring(gates=("board",)), gates=gates), counted_hosts(1))
    course = simulate(view, YEAR, assumptions=Assumptions(approval=2 * DAY))
    assert course.view is not None
    assert course.view.status is Status.HALTED
    assert "nobody answered" in course.view.reason


def test_who_asked_for_the_rollout_is_not_assumed_to_approve_it() -> None:
    gates = {"board": Approval("board", ("ada",), within=DAY)}
    view = rollout(cycle(ring(gates=("board",)), gates=gates), counted_hosts(1), requester="ada")
    course = simulate(view, YEAR)
    assert course.view is not None
    assert course.view.status is Status.HALTED


def test_failures_that_are_assumed_break_the_budget() -> None:
    view = rollout(cycle(ring(max_failures=percent(2))), counted_hosts(100))
    course = simulate(view, YEAR, assumptions=Assumptions(failures=0.5))
    assert course.view is not None
    assert course.view.status is Status.HALTED


def test_the_same_seed_gives_the_same_course_and_another_one_another() -> None:
    view = rollout(cycle(ring(batches=(Amount(1),))), counted_hosts(20))
    samples = Durations(change=tuple(n * MINUTE for n in range(1, 60)))
    assert simulate(view, YEAR, samples, seed=1).slices == simulate(view, YEAR, samples, seed=1).slices
    assert simulate(view, YEAR, samples, seed=1).slices != simulate(view, YEAR, samples, seed=2).slices


def test_stragglers_that_stay_away_are_missed_at_the_deadline() -> None:
    away = Placed(0, Kind.STRAGGLER, ROCKY, 3, away=True)
    course = simulate(rollout(cycle(ring(), deadline=14 * DAY), counted_hosts(1), away), YEAR)
    assert course.view is not None
    assert course.view.outcome is Outcome.MISSED
    assert course.view.hosts(0) == {HostState.EFFECTIVE: 1, HostState.MISSED: 3}


def test_a_simulation_costs_its_slices_not_its_hosts() -> None:
    cells = [Cell("always", f"platform-{number}") for number in range(5)]
    rings = [ring(f"ring-{number}", batches=(percent(10), percent(100))) for number in range(20)]
    placed = [counted_hosts(1000, number, cell) for number in range(20) for cell in cells]
    course = simulate(rollout(cycle(*rings), *placed), YEAR)
    assert sum(one.hosts for one in course.slices) == 100_000
    assert course.steps < 1.2 * len(course.slices)
