# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done, and what changed, after a rollout was advanced.

Each command has a key: carrying out the same key twice is the same as once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from patchops.rollout.states import HostState, Kind, Outcome
from patchops.rollout.view import ALL_RINGS, Cell, RingView, RolloutView, Taken


@dataclass(frozen=True)
class Stage:
    """Download what the hosts of a ring need."""

    key: str
    ring: int


@dataclass(frozen=True)
class StartSlice:
    """Change hosts: as many of each kind and cell as `taken` says; of `batch`, or (None) outside of batches.

    `promote`: only what the sealed set holds.
    """

    key: str
    ring: int
    batch: int | None
    taken: tuple[Taken, ...]
    promote: bool


@dataclass(frozen=True)
class Verify:
    """Look at the effective hosts of a ring again; with `attempt`: at the hosts of one that nobody renews."""

    key: str
    ring: int
    attempt: str | None = None


@dataclass(frozen=True)
class Seal:
    """Seal what the first ring proved."""

    key: str


@dataclass(frozen=True)
class TakeBack:
    """Take effective hosts back: of a ring or ALL_RINGS, and there of one batch (None: of all)."""

    key: str
    ring: int = ALL_RINGS
    batch: int | None = None


@dataclass(frozen=True)
class AskGate:
    """Ask a gate of a ring; `joiners`: for hosts that joined after it was approved."""

    key: str
    ring: int
    gate: str
    joiners: bool = False


@dataclass(frozen=True)
class Cancel:
    """End what is under way at its next batch."""

    key: str
    attempts: tuple[str, ...]


@dataclass(frozen=True)
class Notify:
    """Tell recipients of an event: started, halted, paused, needs_approval, finished, soon."""

    key: str
    event: str
    to: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Finish:
    """The rollout ended; give back what it reserved."""

    key: str
    outcome: Outcome


Command = Stage | StartSlice | Verify | Seal | TakeBack | AskGate | Cancel | Notify | Finish


@dataclass(frozen=True)
class RingPlanned:
    """A ring began: so many hosts of each cell get the number of each batch, from 0.

    Hosts of `unproven` platforms end as UNPROVEN.
    """

    ring: int
    batches: tuple[Mapping[Cell, int], ...]
    unproven: frozenset[str]


@dataclass(frozen=True)
class HostsEnded:
    """All hosts of a ring that were not started ended in `state`."""

    ring: int
    state: HostState


@dataclass(frozen=True)
class HostsMoved:
    """Hosts outside of batches became of another kind, or a waiting host's batch changed (`batch`)."""

    ring: int
    kind: Kind
    to: Kind
    cell: Cell
    number: int
    state: HostState = HostState.WAITING
    batch: int | None = None


Change = RingPlanned | HostsEnded | HostsMoved


@dataclass(frozen=True)
class Step:
    """What comes of advancing a rollout.

    :param view: the rollout afterwards; `rings` names those whose counters changed
    :param changes: what changes for hosts that no event names, in order
    :param wake_at: when to advance it again without an event; None: only an event brings it on
    :param refused: what was said or came in vain, and why
    """

    view: RolloutView
    rings: frozenset[int]
    changes: tuple[Change, ...]
    commands: tuple[Command, ...]
    wake_at: datetime | None
    refused: tuple[str, ...] = ()

    def changed_rings(self) -> dict[int, RingView]:
        """Return the rings whose counters changed, by number."""
        return {number: self.view.rings[number] for number in sorted(self.rings)}
