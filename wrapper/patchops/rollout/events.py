# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened since a rollout was advanced last."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from patchops.rollout.states import HostState, Kind
from patchops.rollout.view import ALL_RINGS, Cell


@dataclass(frozen=True)
class Delta:
    """`number` hosts of an attempt ended in `state`; WAITING and AWAY: they were not touched, or not seen.

    `retired`: they left the inventory meanwhile. `lost_before`: they use up the budget already, from an
    earlier try.
    """

    kind: Kind
    cell: Cell
    state: HostState
    number: int
    touched: bool = True
    retired: bool = False
    lost_before: bool = False


@dataclass(frozen=True)
class AttemptEnded:
    """An attempt ended. A slice's `deltas` add up to what it took.

    Those of a verification or of taking back are the hosts that are not effective any more.
    `proven`: on which platforms a sealed set was proven. `failure`: why it could not do its work as a whole.
    """

    attempt: str
    deltas: tuple[Delta, ...] = ()
    proven: frozenset[str] = frozenset()
    failure: str = ""


@dataclass(frozen=True)
class LeaseLost:
    """Nobody renews an attempt any more; how its hosts stand is to be asked."""

    attempt: str


@dataclass(frozen=True)
class Seen:
    """Hosts that were away answer again."""

    ring: int
    kind: Kind
    cell: Cell
    number: int


class Answer(Enum):
    """What a gate that is no approval answers."""

    YES = "yes"
    NO = "no"
    AGAIN = "again"


@dataclass(frozen=True)
class GateAnswered:
    """A command or address answered; `reason` is what it said."""

    ring: int
    gate: str
    answer: Answer
    reason: str = ""


@dataclass(frozen=True)
class SubjectNamed:
    """What the approval of a ring (or of its joiners) is about was put down."""

    ring: int
    gate: str
    subject: str
    joiners: bool = False


@dataclass(frozen=True)
class SubjectDiffers:
    """What was approved is not what would be done: `part` differs. The approval is void."""

    ring: int
    gate: str
    part: str


@dataclass(frozen=True)
class Joined:
    """Hosts that were added to the inventory, or to a ring."""

    ring: int
    cell: Cell
    number: int


@dataclass(frozen=True)
class Left:
    """Hosts that were not started and are to be started no more.

    `batch` is the number of a counted host's batch once its ring has begun. `away`: such as were not seen.
    `state` is RETIRED, or PREEMPTED when another rollout took them.
    """

    ring: int
    kind: Kind
    cell: Cell
    number: int
    batch: int | None = None
    away: bool = False
    state: HostState = HostState.RETIRED


@dataclass(frozen=True)
class HostsChanged:
    """The inventory changed, or another rollout took hosts."""

    joined: tuple[Joined, ...] = ()
    left: tuple[Left, ...] = ()


class Saying(Enum):
    """What a person may say."""

    APPROVE = "approve"
    REJECT = "reject"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ABORT = "abort"
    ROLL_BACK = "roll_back"
    ACCEPT_CLOCK = "accept_clock"


@dataclass(frozen=True)
class Retry:
    """Hosts that are to be tried again, from the state in which they ended."""

    ring: int
    kind: Kind
    cell: Cell
    state: HostState
    number: int


@dataclass(frozen=True)
class PersonSaid:
    """A person said something; `subject` is the digest that was shown to who approves."""

    who: str
    saying: Saying
    reason: str = ""
    ring: int = ALL_RINGS
    gate: str = ""
    subject: str = ""
    joiners: bool = False
    hosts: tuple[Retry, ...] = ()


@dataclass(frozen=True)
class PolicyDiffers:
    """Whether the file of the policy differs from the copy under which the rollout runs; it is only shown."""

    differs: bool = True


@dataclass(frozen=True)
class MemberReplaced:
    """A mirror no longer offers a member of the sealed set."""

    what: str


@dataclass(frozen=True)
class ClockMoved:
    """The wall clock moved against the time since boot; `settled`: it no longer does."""

    settled: bool = False


@dataclass(frozen=True)
class Tick:
    """Time passed."""


Event = (
    AttemptEnded
    | LeaseLost
    | Seen
    | GateAnswered
    | SubjectNamed
    | SubjectDiffers
    | HostsChanged
    | PersonSaid
    | PolicyDiffers
    | MemberReplaced
    | ClockMoved
    | Tick
)
