# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people may say to a rollout, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, cast

from patchops.policy.model import Approval
from patchops.rollout.commands import Cancel
from patchops.rollout.counts import plus
from patchops.rollout.draft import Draft, unasked
from patchops.rollout.events import PersonSaid, Retry, Saying
from patchops.rollout.states import GateState, HostState, Kind, RingState, Status
from patchops.rollout.view import GateView, RolloutView

_OVER: Final = frozenset({Status.FINISHED})
_ENDING: Final = frozenset({Status.ABORTING, Status.ROLLING_BACK, Status.FINISHED})
_AGAIN: Final = frozenset(
    {
        HostState.FAILED,
        HostState.ROLLED_BACK,
        HostState.UNREACHABLE,
        HostState.REFUSED,
        HostState.TAKEN_BACK,
    }
)


def hear(draft: Draft, said: PersonSaid) -> None:
    """Do what a person said, or put down why it can't be done."""
    reason = refusal(draft.view, said)
    if reason is None:
        _ACTS[said.saying](draft, said)
    else:
        draft.refused.append(reason)


def refusal(view: RolloutView, said: PersonSaid) -> str | None:
    """Return why something that a person said can't be done now; None: it can."""
    if view.status in _OVER:
        return "the rollout is over"
    return _REFUSALS[said.saying](view, said)


def _gate_of(view: RolloutView, said: PersonSaid) -> GateView:
    ring = view.rings[said.ring]
    return (ring.joiner_gates if said.joiners else ring.gates).get(said.gate, GateView())


def _no_vote(view: RolloutView, said: PersonSaid) -> str | None:
    if not 0 <= said.ring < len(view.rings):
        return "name the ring whose gate is meant"
    ring = view.policy_of(said.ring)
    policy = view.cycle.gates.get(said.gate)
    if said.gate not in ring.gates or not isinstance(policy, Approval):
        return f"ring {ring.name} has no approval {said.gate!r}"
    gate = _gate_of(view, said)
    if gate.state is not GateState.ASKED or gate.at is None:
        return f"the approval {said.gate} of ring {ring.name} is not asked for now (it is {gate.state.value})"
    if view.now >= gate.at + policy.within:
        return f"the approval {said.gate} of ring {ring.name} expired; resume the rollout to ask anew"
    if said.who not in policy.by:
        return f"{said.who} is none of those who may answer {said.gate}: {', '.join(policy.by)}"
    if policy.not_by_requester and said.who == view.requester:
        return f"{said.who} asked for this rollout; somebody else approves it"
    if said.who in gate.votes:
        return f"{said.who} has approved {said.gate} already"
    if said.saying is Saying.APPROVE and said.subject != gate.subject:
        return "what was shown is not what is asked for any more; look at it again"
    return None


def _no_pause(view: RolloutView, _said: PersonSaid) -> str | None:
    if view.status in {Status.RUNNING, Status.SCHEDULED}:
        return None
    return f"the rollout is {view.status.value}: nothing starts that a pause could hold"


def _no_resume(view: RolloutView, _said: PersonSaid) -> str | None:
    if view.status in {Status.PAUSED, Status.HALTED}:
        return None
    return f"the rollout is {view.status.value}, neither paused nor halted"


def _no_retry(view: RolloutView, said: PersonSaid) -> str | None:
    if view.status in _ENDING:
        return f"the rollout is {view.status.value}"
    if view.expired:
        return "the deadline has passed: nothing begins any more"
    if not said.hosts:
        return "name the hosts to try again"
    rings = list(view.rings)
    for host in said.hosts:
        if host.state is HostState.UNKNOWN:
            return "how a host stands is unknown: it is tried again once it was asked and its end is known"
        if host.state not in _AGAIN:
            return f"a host that is {host.state.value} is not tried again"
        ring = rings[host.ring]
        ended = ring.ended if host.kind is Kind.COUNTED else ring.crowd(host.kind).ended
        if ended.get(host.state, 0) < host.number:
            return f"ring {view.policy_of(host.ring).name} has no such {host.number} {host.state.value} hosts"
        if host.kind is Kind.COUNTED:
            rings[host.ring] = replace(ring, ended=plus(ended, host.state, -host.number))
    return None


def _no_abort(view: RolloutView, _said: PersonSaid) -> str | None:
    return f"the rollout is {view.status.value} already" if view.status in _ENDING else None


def _no_roll_back(view: RolloutView, _said: PersonSaid) -> str | None:
    if view.status is Status.ROLLING_BACK:
        return "the rollout is being rolled back already"
    return None if view.started is not None else "the rollout has not begun: there is nothing to take back"


def _no_accept_clock(view: RolloutView, _said: PersonSaid) -> str | None:
    return None if view.clock_moved else "the clock is not in doubt"


def _approve(draft: Draft, said: PersonSaid) -> None:
    gate = _gate_of(draft.view, said)
    policy = cast(Approval, draft.view.cycle.gates[said.gate])
    votes = (*gate.votes, said.who)
    voted = replace(gate, votes=votes, reason=said.reason)
    if len(votes) >= policy.count:
        voted = replace(voted, state=GateState.YES, at=draft.now)
    draft.set_gate(said.ring, said.gate, voted, said.joiners)


def _reject(draft: Draft, said: PersonSaid) -> None:
    gate = _gate_of(draft.view, said)
    draft.set_gate(
        said.ring,
        said.gate,
        GateView(GateState.NO, draft.now, reason=said.reason, rounds=gate.rounds),
        said.joiners,
    )
    name = draft.view.policy_of(said.ring).name
    draft.halt(f"{said.who} rejected {said.gate} of ring {name}: {said.reason or 'no reason was given'}")


def _pause(draft: Draft, said: PersonSaid) -> None:
    reason = f"paused by {said.who}: {said.reason or 'no reason was given'}"
    draft.set(status=Status.PAUSED, reason=reason, halts=draft.view.halts + 1)
    draft.notify("paused", reason, str(draft.view.halts))


def _resume(draft: Draft, _said: PersonSaid) -> None:
    halted = draft.view.status is Status.HALTED
    for number, ring in enumerate(draft.view.rings):
        gates = {name: _asked_anew(draft, name, gate) for name, gate in unasked(ring.gates).items()}
        joiner_gates = {
            name: _asked_anew(draft, name, gate) for name, gate in unasked(ring.joiner_gates).items()
        }
        values = {"gates": gates, "joiner_gates": joiner_gates}
        changed = {name: value for name, value in values.items() if value != getattr(ring, name)}
        if changed:
            draft.set_ring(number, **changed)
        if halted and ring.lost > ring.allowed:
            # Who resumes accepts what was lost so far; the next lost host halts again.
            draft.set_ring(number, allowed=ring.lost)
        if halted and ring.state is RingState.VERIFIED:
            draft.set_ring(number, accepted=True)
    status = Status.SCHEDULED if draft.view.started is None else Status.RUNNING
    draft.set(status=status, reason="")


def _asked_anew(draft: Draft, name: str, gate: GateView) -> GateView:
    policy = draft.view.cycle.gates[name]
    if gate.state is not GateState.ASKED or not isinstance(policy, Approval) or gate.at is None:
        return gate
    return gate if draft.now < gate.at + policy.within else GateView(rounds=gate.rounds + 1)


def _retry(draft: Draft, said: PersonSaid) -> None:
    for host in said.hosts:
        _try_again(draft, host)


def _try_again(draft: Draft, host: Retry) -> None:
    """Put hosts back: into the current batch of a ring that is not done, else outside of the batches.

    They keep using up the budget.
    """
    ring = draft.ring(host.ring)
    if host.kind is not Kind.COUNTED:
        crowd = ring.crowd(host.kind)
        draft.set_crowd(
            host.ring,
            host.kind,
            ended=plus(crowd.ended, host.state, -host.number),
            ready=plus(crowd.ready, host.cell, host.number),
        )
        return
    draft.set_ring(host.ring, ended=plus(ring.ended, host.state, -host.number))
    if ring.state is RingState.DONE:
        crowd = ring.crowd(Kind.STRAGGLER)
        draft.set_crowd(host.ring, Kind.STRAGGLER, ready=plus(crowd.ready, host.cell, host.number))
        return
    state = ring.state if ring.state in {RingState.WAITING, RingState.RUNNING} else RingState.RUNNING
    draft.set_ring(
        host.ring,
        state=state,
        waiting=plus(ring.waiting, host.cell, host.number),
        batch_final=None,
        soak_from=None,
    )


def _abort(draft: Draft, said: PersonSaid) -> None:
    reason = f"aborted by {said.who}: {said.reason or 'no reason was given'}"
    draft.set(status=Status.ABORTING, reason=reason)
    _drain(draft, "abort")


def _roll_back(draft: Draft, said: PersonSaid) -> None:
    reason = f"rolled back by {said.who}: {said.reason or 'no reason was given'}"
    draft.set(status=Status.ROLLING_BACK, reason=reason)
    _drain(draft, "roll_back")


def _drain(draft: Draft, why: str) -> None:
    if draft.view.attempts:
        draft.commands.append(
            Cancel(f"{draft.view.id}/{why}/{draft.view.attempts_made}", tuple(draft.view.attempts))
        )


def _accept_clock(draft: Draft, _said: PersonSaid) -> None:
    draft.set(clock_moved=False)


_REFUSALS: Final[dict[Saying, Callable[[RolloutView, PersonSaid], str | None]]] = {
    Saying.APPROVE: _no_vote,
    Saying.REJECT: _no_vote,
    Saying.PAUSE: _no_pause,
    Saying.RESUME: _no_resume,
    Saying.RETRY: _no_retry,
    Saying.ABORT: _no_abort,
    Saying.ROLL_BACK: _no_roll_back,
    Saying.ACCEPT_CLOCK: _no_accept_clock,
}

_ACTS: Final[dict[Saying, Callable[[Draft, PersonSaid], None]]] = {
    Saying.APPROVE: _approve,
    Saying.REJECT: _reject,
    Saying.PAUSE: _pause,
    Saying.RESUME: _resume,
    Saying.RETRY: _retry,
    Saying.ABORT: _abort,
    Saying.ROLL_BACK: _roll_back,
    Saying.ACCEPT_CLOCK: _accept_clock,
}
