# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a rollout on: deadline, budget, gates, rings, soaks, seal, end."""

from __future__ import annotations

from patchops.calendars.schedule import next_opening, opening
from patchops.policy.model import Scope, Stragglers
from patchops.rollout import gating
from patchops.rollout.batches import plan_batches
from patchops.rollout.commands import RingPlanned, Seal, Stage, TakeBack, Verify
from patchops.rollout.counts import counted, total
from patchops.rollout.draft import Draft
from patchops.rollout.slices import may_ever, start_slices
from patchops.rollout.states import AttemptKind, HostState, Kind, Outcome, RingState, Status

_BEYOND_BATCHES = frozenset({RingState.SOAKING, RingState.VERIFYING, RingState.VERIFIED, RingState.DONE})


def progress(draft: Draft) -> None:
    """Do everything that can be done now. Each pass does one thing of a kind; it ends when none is left."""
    while True:
        before = draft.view
        _pass(draft)
        if draft.view is before:
            return


def _pass(draft: Draft) -> None:
    if draft.view.status is Status.FINISHED:
        return
    _start_rollout(draft)
    _pass_deadline(draft)
    _watch_budgets(draft)
    _take_back(draft)
    if draft.view.status is Status.ABORTING:
        _end_aborted(draft)
    elif draft.view.status is Status.ROLLING_BACK:
        _roll_back(draft)
    elif draft.view.status is Status.RUNNING and not draft.view.clock_moved:
        _bring_rings_on(draft)


def _start_rollout(draft: Draft) -> None:
    view = draft.view
    if view.status is not Status.SCHEDULED:
        return
    if view.now >= view.starts:
        if not view.clock_moved:
            draft.set(status=Status.RUNNING, started=view.now)
            draft.notify("started", f"{view.cycle.name} started")
        return
    draft.wake_at(view.starts)
    for notice in view.cycle.notices:
        if notice.before is None:
            continue
        if view.now >= view.starts - notice.before:
            draft.tell_soon(notice)
        else:
            draft.wake_at(view.starts - notice.before)


def _pass_deadline(draft: Draft) -> None:
    deadline = draft.view.deadline()
    if deadline is None:
        return
    if draft.now < deadline:
        draft.wake_at(deadline)
        return
    if not draft.view.expired:
        draft.set(expired=True)
    draft.end_all_waiting(HostState.MISSED)


def _watch_budgets(draft: Draft) -> None:
    if draft.view.status is not Status.RUNNING:
        return
    for number, ring in enumerate(draft.view.rings):
        if ring.state is RingState.WAITING or ring.lost <= ring.allowed:
            continue
        policy = draft.view.policy_of(number)
        draft.halt(
            f"ring {policy.name} lost {ring.lost} of {ring.membership} hosts; {ring.allowed} may be lost"
        )
        if draft.view.cycle.on_breach in {Scope.BATCH, Scope.RING}:
            draft.set_ring(number, take_back=True)
        return


def _take_back(draft: Draft) -> None:
    """Take back what a broken budget asks for, once nothing of that ring is under way."""
    for number, ring in enumerate(draft.view.rings):
        if not ring.take_back or any(one.ring == number for one in draft.view.attempts.values()):
            continue
        draft.set_ring(number, take_back=False)
        if not ring.ended.get(HostState.EFFECTIVE):
            continue
        batch = ring.batch if draft.view.cycle.on_breach is Scope.BATCH else None
        key = draft.start(AttemptKind.TAKE_BACK, number, batch)
        draft.commands.append(TakeBack(key, number, batch))


def _end_aborted(draft: Draft) -> None:
    if draft.view.attempts:
        return
    if draft.view.outcome is Outcome.SUPERSEDED:
        draft.finish(Outcome.SUPERSEDED, HostState.PREEMPTED)
    else:
        draft.finish(Outcome.ABORTED)


def _roll_back(draft: Draft) -> None:
    if draft.view.attempts:
        return
    draft.end_all_waiting(HostState.MISSED)
    key = draft.start(AttemptKind.TAKE_BACK)
    draft.commands.append(TakeBack(key))


def _bring_rings_on(draft: Draft) -> None:
    previous_done = True
    for number in range(len(draft.view.rings)):
        if draft.view.status is not Status.RUNNING:
            return
        ring = draft.ring(number)
        if ring.state is RingState.WAITING:
            _prepare(draft, number)
            if not previous_done or not _begin(draft, number):
                return
        _run_ring(draft, number)
        if draft.view.status is not Status.RUNNING:
            return
        previous_done = draft.ring(number).state is RingState.DONE
        if number == 0 and previous_done and not draft.view.sealed:
            previous_done = False
            _seal(draft)
        if draft.ring(number).state not in _BEYOND_BATCHES:
            return
    if previous_done:
        _end(draft)


def _prepare(draft: Draft, number: int) -> None:
    """Download ahead and ask ahead, as soon as the ring before is beyond its batches."""
    gating.ahead(draft, number)
    ring = draft.ring(number)
    if ring.staged or draft.runs(AttemptKind.STAGE, number) or (number > 0 and not draft.view.sealed):
        return
    if not draft.view.cycle.stage_in_freeze and not _some_window_open(draft, number):
        return
    draft.commands.append(Stage(draft.start(AttemptKind.STAGE, number), number))


def _some_window_open(draft: Draft, number: int) -> bool:
    """Tell whether a host of a ring that has not begun may be changed now; an empty ring always may."""
    ring = draft.ring(number)
    cells = [*ring.waiting, *(cell for crowd in ring.crowds.values() for cell in crowd.ready)]
    schedules = {cell.schedule for cell in cells}
    if not schedules:
        return True
    for name in schedules:
        if opening(draft.view.schedules[name], draft.now) is not None:
            return True
        draft.wake_at(next_opening(draft.view.schedules[name], draft.now))
    return False


def _begin(draft: Draft, number: int) -> bool:
    """Begin a ring when it is staged, its gates said yes and a window is open; tell whether it has begun."""
    ring = draft.ring(number)
    if not ring.staged or not gating.ahead(draft, number) or not _some_window_open(draft, number):
        return False
    unproven = {
        cell: n for cell, n in ring.waiting.items() if not may_ever(draft, number, Kind.COUNTED, cell)
    }
    cells = {cell: n for cell, n in ring.waiting.items() if cell not in unproven}
    policy = draft.view.policy_of(number)
    batches = plan_batches(cells, policy.batches)
    ended = dict(ring.ended)
    if unproven:
        ended[HostState.UNPROVEN] = total(unproven)
    draft.set_ring(
        number,
        state=RingState.RUNNING,
        waiting=batches[0] if batches else {},
        later=batches[1:],
        membership=total(cells),
        platforms=counted((cell.platform, n) for cell, n in cells.items()),
        allowed=policy.max_failures.at_most(total(cells)),
        ended=ended,
        batch_final=None if batches else draft.now,
    )
    draft.changes.append(RingPlanned(number, batches, frozenset(cell.platform for cell in unproven)))
    return True


def _run_ring(draft: Draft, number: int) -> None:
    gating.admit_joiners(draft, number)
    if draft.view.status is not Status.RUNNING:
        return
    start_slices(draft, number)
    state = draft.ring(number).state
    if state is RingState.RUNNING:
        _pass_batch(draft, number)
    elif state is RingState.SOAKING:
        _soak(draft, number)
    elif state is RingState.VERIFIED:
        _judge(draft, number)


def _pass_batch(draft: Draft, number: int) -> None:
    """Begin the next batch, or the soak, once every counted host of the current one is final."""
    ring = draft.ring(number)
    if ring.batch_final is None or ring.waiting:
        return
    if not ring.later:
        draft.set_ring(number, state=RingState.SOAKING, soak_from=ring.batch_final)
        return
    soaked = ring.batch_final + draft.view.policy_of(number).batch_soak
    if draft.now < soaked:
        draft.wake_at(soaked)
        return
    following = ring.later[0]
    draft.set_ring(
        number,
        waiting=following,
        later=ring.later[1:],
        batch=ring.batch + 1,
        batch_final=None if following else draft.now,
    )


def _soak(draft: Draft, number: int) -> None:
    ring = draft.ring(number)
    policy, soak_from = draft.view.policy_of(number), ring.soak_from or draft.now
    if policy.stragglers is Stragglers.HOLD and (_crowd_left(draft, number) or draft.view.slices(number)):
        return
    if draft.now < soak_from + policy.soak:
        draft.wake_at(soak_from + policy.soak)
    elif policy.soak and ring.ended.get(HostState.EFFECTIVE):
        draft.set_ring(number, state=RingState.VERIFYING)
        draft.commands.append(Verify(draft.start(AttemptKind.VERIFY, number), number))
    else:
        draft.set_ring(number, state=RingState.VERIFIED)


def _crowd_left(draft: Draft, number: int) -> int:
    """Return how many hosts outside of the batches may still be tried."""
    return sum(
        count
        for kind, crowd in draft.ring(number).crowds.items()
        for cells in (crowd.ready, crowd.away)
        for cell, count in cells.items()
        if kind is Kind.JOINER or may_ever(draft, number, kind, cell)
    )


def _judge(draft: Draft, number: int) -> None:
    """Let a ring pass when enough of its hosts are effective, or a person accepted that they are not."""
    ring = draft.ring(number)
    policy = draft.view.policy_of(number)
    effective, needed = total(ring.effective), policy.min_effective.at_least(ring.membership)
    missing = sorted(set(ring.platforms) - set(ring.effective)) if number == 0 else []
    if not ring.accepted and effective < needed:
        draft.halt(
            f"ring {policy.name}: {effective} of {ring.membership} hosts are effective; "
            f"{policy.min_effective} ({needed}) have to be"
        )
    elif not ring.accepted and missing:
        draft.halt(f"ring {policy.name} proves nothing for {', '.join(missing)}: no host of it is effective")
    else:
        draft.set_ring(number, state=RingState.DONE)


def _seal(draft: Draft) -> None:
    if not draft.runs(AttemptKind.SEAL):
        draft.commands.append(Seal(draft.start(AttemptKind.SEAL)))


def _end(draft: Draft) -> None:
    """End the rollout when every ring is done and no host is waited for."""
    if draft.view.attempts:
        return
    waits = draft.view.cycle.deadline is not None and not draft.view.expired
    if waits and any(_crowd_left(draft, number) for number in range(len(draft.view.rings))):
        return
    draft.end_all_waiting(HostState.MISSED)
    missed = any(draft.view.hosts(number).get(HostState.MISSED) for number in range(len(draft.view.rings)))
    draft.finish(Outcome.MISSED if missed else Outcome.DONE)
