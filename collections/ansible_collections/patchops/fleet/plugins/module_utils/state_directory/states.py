# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a transaction and the steps between them. Pure: tables and functions of them."""

from typing import Optional

STAGING = "staging"
STAGED = "staged"
APPLYING = "applying"
APPLIED = "applied"
REVERTING = "reverting"
REVERTED = "reverted"
COMMITTED = "committed"
FAILED = "failed"
SUPERSEDED = "superseded"
DISCARDED = "discarded"

# The host's packages while a transaction is `failed`.
FORMER = "former"
MIXED = "mixed"
UNKNOWN = "unknown"

TRANSITIONS = {
    None: (STAGING,),
    STAGING: (STAGED, FAILED, SUPERSEDED, DISCARDED),
    STAGED: (APPLYING, FAILED, SUPERSEDED, DISCARDED),
    APPLYING: (APPLIED, REVERTING, FAILED),
    APPLIED: (REVERTING, COMMITTED),
    REVERTING: (REVERTED, FAILED),
    REVERTED: (COMMITTED,),
    FAILED: (APPLYING, REVERTING, COMMITTED),
    COMMITTED: (),
    SUPERSEDED: (),
    DISCARDED: (),
}

IN_PROGRESS = (STAGING, APPLYING, REVERTING)
# Nothing of these is left on the host but the journal.
CLOSED = (COMMITTED, SUPERSEDED, DISCARDED)

# What a caller may ask a worker for.
GOALS = (STAGED, APPLIED, REVERTED)


class IllegalTransition(Exception):
    """A step that the table doesn't know: a defect, or a journal that was edited."""


def check(current: Optional[str], following: str, was_applied: bool) -> None:
    """Raise IllegalTransition unless `following` may come after `current` (None: a new journal).

    `was_applied`: the journal has an `applied` entry. There is never a second one: what was taken back after
    it had been applied is applied again by a new transaction only.
    """
    if following not in TRANSITIONS[current]:
        raise IllegalTransition(f"{current or 'nothing'} can't become {following}")
    if was_applied and following in (APPLYING, APPLIED):
        raise IllegalTransition("it was applied once already")


def next_step(state: str, host_state: Optional[str], was_applied: bool, goal: str) -> Optional[str]:
    """Return the in-progress state a worker has to enter, or enter again, to get from `state` to `goal`.

    None: nothing is left to do, or the goal can't be reached from here.
    """
    if state in IN_PROGRESS:
        # Its worker died there. A change that had begun is taken back directly when that is the goal.
        return REVERTING if state == APPLYING and goal == REVERTED else state
    if goal == APPLIED and not was_applied and (state == STAGED or _is_mixed(state, host_state)):
        return APPLYING
    if goal == REVERTED and (state == APPLIED or _is_mixed(state, host_state)):
        return REVERTING
    return None


def is_live(state: str, host_state: Optional[str]) -> bool:
    """Tell whether a transaction stands in the way of one with other content."""
    return state in IN_PROGRESS or state == STAGED or _is_mixed(state, host_state)


def is_settled(state: str, host_state: Optional[str]) -> bool:
    """Tell whether the change is over, taken back or released: nothing of it can lock anybody out now."""
    return state in (REVERTED,) + CLOSED or (state == FAILED and host_state == FORMER)


def _is_mixed(state: str, host_state: Optional[str]) -> bool:
    return state == FAILED and host_state != FORMER
