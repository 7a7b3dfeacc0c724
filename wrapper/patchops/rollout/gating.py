# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the gates of a ring: those that are asked ahead, and those before each slice."""

from __future__ import annotations

from patchops.policy.model import Approval, Gate, asked_ahead
from patchops.rollout.commands import AskGate, HostsMoved
from patchops.rollout.counts import added, total
from patchops.rollout.draft import Draft
from patchops.rollout.states import GateState, Kind
from patchops.rollout.view import Crowd, GateView


def ahead(draft: Draft, number: int) -> bool:
    """Ask the gates of a ring that are asked once for it; tell whether all of them said yes."""
    names = [name for name in draft.view.policy_of(number).gates if asked_ahead(draft.view.cycle.gates[name])]
    for name in names:
        _ask(draft, number, draft.view.cycle.gates[name])
    return _all_yes(draft, number, names)


def before_slice(draft: Draft, number: int) -> bool:
    """Ask the gates that are asked before each slice of a ring; tell whether all of them said yes."""
    names = _slice_gates(draft, number)
    for name in names:
        _ask(draft, number, draft.view.cycle.gates[name])
    return _all_yes(draft, number, names)


def use_up(draft: Draft, number: int) -> None:
    """Forget what the gates before a slice said: the next slice asks anew."""
    for name in _slice_gates(draft, number):
        gate = draft.ring(number).gates.get(name, GateView())
        if gate.state is GateState.YES:
            draft.set_gate(number, name, GateView(rounds=gate.rounds + 1))


def admit_joiners(draft: Draft, number: int) -> None:
    """Ask the approvals of a ring for the hosts that joined it later, and let them in when all said yes."""
    crowd = draft.ring(number).crowd(Kind.JOINER)
    if not total(crowd.ready) and not total(crowd.away):
        return
    names = [
        name
        for name in draft.view.policy_of(number).gates
        if isinstance(draft.view.cycle.gates[name], Approval)
    ]
    for name in names:
        _ask(draft, number, draft.view.cycle.gates[name], joiners=True)
    gates = draft.ring(number).joiner_gates
    if any(gates.get(name, GateView()).state is not GateState.YES for name in names):
        return
    stragglers = draft.ring(number).crowd(Kind.STRAGGLER)
    for cell, count in sorted(crowd.ready.items()):
        draft.changes.append(HostsMoved(number, Kind.JOINER, Kind.STRAGGLER, cell, count))
    draft.set_crowd(number, Kind.STRAGGLER, ready=added(stragglers.ready, crowd.ready))
    draft.set_crowd(number, Kind.JOINER, ready=Crowd().ready)
    again = {name: GateView(rounds=gate.rounds + 1) for name, gate in gates.items()}
    draft.set_ring(number, joiner_gates=again)


def _slice_gates(draft: Draft, number: int) -> list[str]:
    gates = draft.view.cycle.gates
    return [name for name in draft.view.policy_of(number).gates if not asked_ahead(gates[name])]


def _all_yes(draft: Draft, number: int, names: list[str]) -> bool:
    gates = draft.ring(number).gates
    return all(gates.get(name, GateView()).state is GateState.YES for name in names)


def _ask(draft: Draft, number: int, policy: Gate, joiners: bool = False) -> None:
    ring = draft.ring(number)
    gate = (ring.joiner_gates if joiners else ring.gates).get(policy.name, GateView())
    if gate.state is GateState.UNASKED:
        if gate.at is not None and not isinstance(policy, Approval) and draft.now < gate.at + policy.every:
            draft.wake_at(gate.at + policy.every)
            return
        asked = GateView(GateState.ASKED, draft.now, reason=gate.reason, rounds=gate.rounds)
        draft.set_gate(number, policy.name, asked, joiners)
        about = f"{number}/{policy.name}/{'joiners/' if joiners else ''}{gate.rounds}"
        draft.commands.append(AskGate(f"{draft.view.id}/gate/{about}", number, policy.name, joiners))
        if isinstance(policy, Approval):
            name = draft.view.policy_of(number).name
            draft.notify("needs_approval", f"ring {name} waits for the approval {policy.name}", about)
            draft.wake_at(draft.now + policy.within)
    elif gate.state is GateState.ASKED and isinstance(policy, Approval) and gate.at is not None:
        if draft.now < gate.at + policy.within:
            draft.wake_at(gate.at + policy.within)
            return
        expired = GateView(GateState.EXPIRED, draft.now, rounds=gate.rounds)
        draft.set_gate(number, policy.name, expired, joiners)
        name = draft.view.policy_of(number).name
        draft.halt(f"nobody answered the approval {policy.name} of ring {name} in time; resume asks anew")
