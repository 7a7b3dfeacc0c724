# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what happened into a rollout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from patchops.policy.model import Approval, HttpGate, Joins, Superseded
from patchops.rollout import people
from patchops.rollout.commands import HostsMoved, Verify
from patchops.rollout.counts import plus
from patchops.rollout.draft import Draft
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
    Outcome,
    RingState,
    Status,
)
from patchops.rollout.view import ALL_RINGS, Attempt, GateView, RingView


def happen(draft: Draft, event: Event) -> None:
    """Count one event into the rollout. Raises ValueError where the event contradicts the counters."""
    _HANDLERS[type(event)](draft, event)


def _attempt_ended(draft: Draft, event: AttemptEnded) -> None:
    attempt = draft.view.attempts.get(event.attempt)
    if attempt is None:
        draft.refused.append(f"the attempt {event.attempt} is not under way")
        return
    left = {key: one for key, one in draft.view.attempts.items() if key != event.attempt}
    draft.set(attempts=left)
    _ENDS[attempt.kind](draft, attempt, event)


def _slice_ended(draft: Draft, attempt: Attempt, event: AttemptEnded) -> None:
    ring = attempt.ring
    for delta in (*event.deltas, *_unmentioned(attempt, event)):
        if delta.kind is Kind.COUNTED:
            _counted_ended(draft, ring, delta)
        else:
            _crowd_ended(draft, ring, delta)
    _note_final_batch(draft, ring)


def _unmentioned(attempt: Attempt, event: AttemptEnded) -> list[Delta]:
    """Return the hosts of a slice of which nothing was said: how they stand is unknown."""
    left = {(taken.kind, taken.cell): taken.number for taken in attempt.taken}
    for delta in event.deltas:
        left = plus(left, (delta.kind, delta.cell), -delta.number)
    return [Delta(kind, cell, HostState.UNKNOWN, number) for (kind, cell), number in left.items()]


def _counted_ended(draft: Draft, number: int, delta: Delta) -> None:
    ring = draft.ring(number)
    if delta.state is HostState.WAITING and not delta.retired:
        draft.set_ring(number, waiting=plus(ring.waiting, delta.cell, delta.number))
        return
    state = HostState.UNREACHABLE if delta.state is HostState.AWAY else delta.state
    if state in LOST and not delta.lost_before:
        draft.set_ring(number, lost=ring.lost + delta.number)
    draft.count_final(number, delta.cell, HostState.RETIRED if delta.retired else state, delta.number)


def _crowd_ended(draft: Draft, number: int, delta: Delta) -> None:
    ring = draft.ring(number)
    crowd = ring.crowd(delta.kind)
    not_seen = delta.state is HostState.UNREACHABLE and not delta.touched
    final = delta.state not in NOT_FINAL and not not_seen
    if delta.kind is Kind.INTERMITTENT and delta.touched and final:
        draft.set_ring(number, membership=ring.membership + delta.number)
        _counted_ended(draft, number, delta)
        state = HostState.RETIRED if delta.retired else delta.state
        draft.changes.append(HostsMoved(number, delta.kind, Kind.COUNTED, delta.cell, delta.number, state))
    elif final or delta.retired:
        state = HostState.RETIRED if delta.retired else delta.state
        draft.set_crowd(number, delta.kind, ended=plus(crowd.ended, state, delta.number))
    elif delta.state is HostState.WAITING:
        draft.set_crowd(number, delta.kind, ready=plus(crowd.ready, delta.cell, delta.number))
    else:
        draft.set_crowd(number, delta.kind, away=plus(crowd.away, delta.cell, delta.number))


def _note_final_batch(draft: Draft, number: int) -> None:
    """Put down since when every counted host of the current batch is final."""
    ring = draft.ring(number)
    flying = any(
        taken.kind is Kind.COUNTED for attempt in draft.view.slices(number) for taken in attempt.taken
    )
    if ring.state is RingState.RUNNING and not ring.waiting and not flying and ring.batch_final is None:
        draft.set_ring(number, batch_final=draft.now)


def _no_longer_effective(draft: Draft, number: int, delta: Delta) -> None:
    ring = draft.ring(number)
    if delta.kind is not Kind.COUNTED:
        ended = plus(ring.crowd(delta.kind).ended, HostState.EFFECTIVE, -delta.number)
        draft.set_crowd(number, delta.kind, ended=plus(ended, delta.state, delta.number))
        return
    draft.set_ring(
        number,
        ended=plus(ring.ended, HostState.EFFECTIVE, -delta.number),
        effective=plus(ring.effective, delta.cell.platform, -delta.number),
        lost=ring.lost + (delta.number if delta.state in LOST and not delta.lost_before else 0),
    )
    draft.count_final(number, delta.cell, delta.state, delta.number)


def _verification_ended(draft: Draft, attempt: Attempt, event: AttemptEnded) -> None:
    for delta in event.deltas:
        _no_longer_effective(draft, attempt.ring, delta)
    if draft.ring(attempt.ring).state is not RingState.VERIFYING:
        return
    if event.failure:
        draft.set_ring(attempt.ring, state=RingState.SOAKING)
        name = draft.view.policy_of(attempt.ring).name
        draft.halt(f"the hosts of ring {name} could not be verified after their soak: {event.failure}")
    else:
        draft.set_ring(attempt.ring, state=RingState.VERIFIED)


def _stage_ended(draft: Draft, attempt: Attempt, _event: AttemptEnded) -> None:
    # A host that could not download ahead tries again in its slice, and is refused there by name.
    draft.set_ring(attempt.ring, staged=True)


def _seal_ended(draft: Draft, _attempt: Attempt, event: AttemptEnded) -> None:
    if event.failure:
        draft.halt(f"what ring {draft.view.policy_of(0).name} proved could not be sealed: {event.failure}")
    else:
        draft.set(sealed=True, proven=event.proven)


def _take_back_ended(draft: Draft, attempt: Attempt, event: AttemptEnded) -> None:
    rings = range(len(draft.view.rings)) if attempt.ring == ALL_RINGS else (attempt.ring,)
    for delta in event.deltas:
        owner = next(
            (one for one in rings if _has_effective(draft.ring(one), delta)),
            None,
        )
        if owner is None:
            raise ValueError(f"no ring has {delta.number} effective hosts of {delta.cell}")
        _no_longer_effective(draft, owner, delta)
    if draft.view.status is Status.ROLLING_BACK and attempt.ring == ALL_RINGS:
        if event.failure:
            draft.set(status=Status.HALTED, reason=f"not everything was taken back: {event.failure}")
        else:
            draft.finish(Outcome.ROLLED_BACK)
    elif event.failure:
        draft.halt(f"hosts could not be taken back: {event.failure}")


def _has_effective(ring: RingView, delta: Delta) -> bool:
    ended = ring.ended if delta.kind is Kind.COUNTED else ring.crowd(delta.kind).ended
    return ended.get(HostState.EFFECTIVE, 0) >= delta.number


def _lease_lost(draft: Draft, event: LeaseLost) -> None:
    attempt = draft.view.attempts.get(event.attempt)
    if attempt is None:
        draft.refused.append(f"the attempt {event.attempt} is not under way")
    elif attempt.ring != ALL_RINGS:
        draft.commands.append(Verify(f"{event.attempt}/ask", attempt.ring, event.attempt))


def _seen(draft: Draft, event: Seen) -> None:
    crowd = draft.ring(event.ring).crowd(event.kind)
    draft.set_crowd(
        event.ring,
        event.kind,
        away=plus(crowd.away, event.cell, -event.number),
        ready=plus(crowd.ready, event.cell, event.number),
    )


def _gate_answered(draft: Draft, event: GateAnswered) -> None:
    gate = draft.ring(event.ring).gates.get(event.gate, GateView())
    if gate.state is not GateState.ASKED:
        draft.refused.append(f"the gate {event.gate} of ring {event.ring} was not asked")
        return
    policy = draft.view.cycle.gates[event.gate]
    answer = Answer.AGAIN if isinstance(policy, HttpGate) and event.answer is Answer.NO else event.answer
    state = {Answer.YES: GateState.YES, Answer.NO: GateState.NO, Answer.AGAIN: GateState.UNASKED}[answer]
    rounds = gate.rounds + (answer is Answer.AGAIN)
    draft.set_gate(event.ring, event.gate, GateView(state, draft.now, reason=event.reason, rounds=rounds))
    if answer is Answer.NO:
        name = draft.view.policy_of(event.ring).name
        draft.halt(f"the gate {event.gate} of ring {name} said no: {event.reason or 'it gave no reason'}")


def _subject_named(draft: Draft, event: SubjectNamed) -> None:
    ring = draft.ring(event.ring)
    gate = (ring.joiner_gates if event.joiners else ring.gates).get(event.gate, GateView())
    if gate.state is GateState.ASKED:
        draft.set_gate(event.ring, event.gate, replace(gate, subject=event.subject), event.joiners)


def _subject_differs(draft: Draft, event: SubjectDiffers) -> None:
    _void(draft, event.ring, event.gate, f"void: {event.part} differs from what was approved")


def _void(draft: Draft, ring: int, name: str, reason: str) -> None:
    gate = draft.ring(ring).gates.get(name, GateView())
    if gate.state in {GateState.ASKED, GateState.YES}:
        draft.set_gate(ring, name, GateView(rounds=gate.rounds + 1, reason=reason))


def _hosts_changed(draft: Draft, event: HostsChanged) -> None:
    for left in event.left:
        _left(draft, left)
    for joined in event.joined:
        _joined(draft, joined)


def _left(draft: Draft, event: Left) -> None:
    ring = draft.ring(event.ring)
    values: dict[str, Any]
    if event.kind is not Kind.COUNTED:
        crowd = ring.crowd(event.kind)
        field = "away" if event.away else "ready"
        values = {field: plus(getattr(crowd, field), event.cell, -event.number)}
        draft.set_crowd(event.ring, event.kind, ended=plus(crowd.ended, event.state, event.number), **values)
        return
    place = 0 if ring.state is RingState.WAITING or event.batch is None else event.batch - ring.batch
    if place == 0:
        values = {"waiting": plus(ring.waiting, event.cell, -event.number)}
    else:
        later = list(ring.later)
        later[place - 1] = plus(later[place - 1], event.cell, -event.number)
        values = {"later": tuple(later)}
    draft.set_ring(event.ring, ended=plus(ring.ended, event.state, event.number), **values)
    _note_final_batch(draft, event.ring)


def _joined(draft: Draft, event: Joined) -> None:
    ring = draft.ring(event.ring)
    policies = draft.view.cycle.gates
    approvals = [
        gate
        for name in draft.view.policy_of(event.ring).gates
        if isinstance(gate := policies[name], Approval)
    ]
    asked = [
        gate
        for gate in approvals
        if ring.gates.get(gate.name, GateView()).state in {GateState.ASKED, GateState.YES}
    ]
    begun = ring.state is not RingState.WAITING
    if (ring.state is RingState.DONE and approvals) or any(gate.joins is Joins.LATER for gate in asked):
        kind = Kind.JOINER
    else:
        kind = Kind.STRAGGLER if begun else Kind.COUNTED
        for gate in asked:
            _void(draft, event.ring, gate.name, "void: hosts joined the ring")
    if kind is Kind.COUNTED:
        draft.set_ring(event.ring, waiting=plus(ring.waiting, event.cell, event.number))
        return
    ready = plus(draft.ring(event.ring).crowd(kind).ready, event.cell, event.number)
    draft.set_crowd(event.ring, kind, ready=ready)
    draft.changes.append(HostsMoved(event.ring, Kind.COUNTED, kind, event.cell, event.number))
    if kind is Kind.JOINER:
        again = {name: GateView(rounds=gate.rounds + 1) for name, gate in ring.joiner_gates.items()}
        draft.set_ring(event.ring, joiner_gates=again)


def _person_said(draft: Draft, event: PersonSaid) -> None:
    people.hear(draft, event)


def _policy_differs(draft: Draft, event: PolicyDiffers) -> None:
    draft.set(policy_differs=event.differs)


def _member_replaced(draft: Draft, event: MemberReplaced) -> None:
    view = draft.view
    if not view.sealed or view.status not in {Status.RUNNING, Status.HALTED, Status.PAUSED}:
        return
    reason = f"the mirror no longer offers {event.what} of the sealed set"
    if view.cycle.superseded is Superseded.PAUSE and view.status is Status.RUNNING:
        draft.set(status=Status.PAUSED, reason=reason, halts=view.halts + 1)
        draft.notify("paused", reason, str(draft.view.halts))
    elif view.cycle.superseded is Superseded.REPLAN:
        draft.set(status=Status.ABORTING, reason=reason, outcome=Outcome.SUPERSEDED)


def _clock_moved(draft: Draft, event: ClockMoved) -> None:
    draft.set(clock_moved=not event.settled)


def _tick(_draft: Draft, _event: Tick) -> None:
    """Time itself is not counted."""


_ENDS: Final[dict[AttemptKind, Callable[[Draft, Attempt, AttemptEnded], None]]] = {
    AttemptKind.SLICE: _slice_ended,
    AttemptKind.VERIFY: _verification_ended,
    AttemptKind.STAGE: _stage_ended,
    AttemptKind.SEAL: _seal_ended,
    AttemptKind.TAKE_BACK: _take_back_ended,
}

_HANDLERS: Final[dict[type[Any], Callable[[Draft, Any], None]]] = {
    AttemptEnded: _attempt_ended,
    LeaseLost: _lease_lost,
    Seen: _seen,
    GateAnswered: _gate_answered,
    SubjectNamed: _subject_named,
    SubjectDiffers: _subject_differs,
    HostsChanged: _hosts_changed,
    PersonSaid: _person_said,
    PolicyDiffers: _policy_differs,
    MemberReplaced: _member_replaced,
    ClockMoved: _clock_moved,
    Tick: _tick,
}
