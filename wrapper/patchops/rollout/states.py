# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of rollouts, rings, hosts and gates."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Status(Enum):
    """Where a rollout stands."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    HALTED = "halted"
    ABORTING = "aborting"
    ROLLING_BACK = "rolling_back"
    FINISHED = "finished"


class RingState(Enum):
    """Where a ring stands; a ring never goes back to WAITING."""

    WAITING = "waiting"
    RUNNING = "running"
    SOAKING = "soaking"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    DONE = "done"


class HostState(Enum):
    """Where a host stands in its rollout; everything but WAITING, AWAY and FLYING is final."""

    WAITING = "waiting"
    AWAY = "away"
    FLYING = "flying"
    EFFECTIVE = "effective"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    UNPROVEN = "unproven"
    RETIRED = "retired"
    PREEMPTED = "preempted"
    MISSED = "missed"


LOST: Final = frozenset({HostState.FAILED, HostState.ROLLED_BACK, HostState.UNREACHABLE, HostState.UNKNOWN})
"""The final states that use up a failure budget."""

NOT_FINAL: Final = frozenset({HostState.WAITING, HostState.AWAY, HostState.FLYING})


class Kind(Enum):
    """How a host counts.

    COUNTED: in the membership and the budget of its ring. STRAGGLER: was unreachable before the start, or
    joined later; outside of both. INTERMITTENT: outside of both until it is touched. JOINER: a straggler
    that waits for an approval of its own.
    """

    COUNTED = "counted"
    STRAGGLER = "straggler"
    INTERMITTENT = "intermittent"
    JOINER = "joiner"


class GateState(Enum):
    """What a gate said."""

    UNASKED = "unasked"
    ASKED = "asked"
    YES = "yes"
    NO = "no"
    EXPIRED = "expired"


class AttemptKind(Enum):
    """What an attempt does."""

    STAGE = "stage"
    SLICE = "slice"
    VERIFY = "verify"
    SEAL = "seal"
    TAKE_BACK = "take_back"


class Outcome(Enum):
    """How a rollout ended."""

    DONE = "done"
    MISSED = "missed"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
