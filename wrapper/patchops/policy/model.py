# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy says about rollouts, as values: cycles, rings, gates, notices, recipients, people.

Everything is resolved and checked: names refer to what exists, durations are spans, defaults are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from patchops.calendars.model import Calendar

REST = "rest"
"""The pattern of the ring that takes each host of its cycle which no other ring names."""


@dataclass(frozen=True)
class Amount:
    """A number of hosts: a count, or a percentage (0 to 100) of a ring's membership."""

    value: int
    percent: bool = False

    def at_most(self, membership: int) -> int:
        """Return the largest whole number of hosts that is not above the amount."""
        return membership * self.value // 100 if self.percent else self.value

    def at_least(self, membership: int) -> int:
        """Return the smallest whole number of hosts that is not below the amount, at most all of them."""
        if not self.percent:
            return min(self.value, membership)
        return -(-membership * self.value // 100)

    @property
    def share(self) -> Fraction | None:
        """The percentage as a part of one; None for a count."""
        return Fraction(self.value, 100) if self.percent else None

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


class Scope(Enum):
    """Which hosts are taken back, beside those that failed, when a ring's failure budget breaks."""

    HOST = "host"
    BATCH = "batch"
    RING = "ring"
    NONE = "none"


class Missed(Enum):
    """What happens with a start that nobody was there to make."""

    RUN = "run"
    SKIP = "skip"


class Superseded(Enum):
    """What happens when a mirror replaces a member of the sealed set."""

    PAUSE = "pause"
    CONTINUE = "continue"
    REPLAN = "replan"


class Stragglers(Enum):
    """Whether a ring ends before its stragglers are final."""

    FREE = "free"
    HOLD = "hold"


class Joins(Enum):
    """What a host that joins a ring does to an approval of it."""

    VOID = "void"
    LATER = "later"


class Once(Enum):
    """How often a command is asked: ahead and once for a ring, or before each slice."""

    RING = "ring"
    SLICE = "slice"


@dataclass(frozen=True)
class Install:
    """What a cycle installs: ``baseline``, ``security`` or ``all``, or exactly these CVEs or packages."""

    kind: str = "baseline"
    cves: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Approval:
    """People say yes. ``by``: logins, resolved from `people`; ``count``: how many different ones."""

    name: str
    by: tuple[str, ...]
    count: int = 1
    within: timedelta = timedelta(hours=48)
    not_by_requester: bool = True
    joins: Joins = Joins.VOID


@dataclass(frozen=True)
class CommandGate:
    """A program says yes (exit 0), no, or ask again after `every` (exit 75)."""

    name: str
    argv: tuple[str, ...]
    once: Once = Once.SLICE
    timeout: timedelta = timedelta(seconds=30)
    every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class HttpGate:
    """A web address answers with `status`; otherwise it is asked again after `every`."""

    name: str
    url: str
    status: int = 200
    timeout: timedelta = timedelta(seconds=10)
    every: timedelta = timedelta(minutes=5)


Gate = Approval | CommandGate | HttpGate


def asked_ahead(gate: Gate) -> bool:
    """Tell whether a gate is asked once for a ring, before the ring begins."""
    return isinstance(gate, Approval) or (isinstance(gate, CommandGate) and gate.once is Once.RING)


@dataclass(frozen=True)
class InFlight:
    """How many hosts may be under way at once: in all (None: the batch), and for each value of a variable."""

    total: Amount | None = None
    per: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check of the user that a host has to pass, by kind (such as ``testinfra``) and value."""

    kind: str
    value: str


@dataclass(frozen=True)
class Ring:
    """Hosts that are patched together in time. `hosts`: "" for only those whose `patchops_ring` names it."""

    name: str
    hosts: str
    soak: timedelta = timedelta()
    batches: tuple[Amount, ...] = (Amount(100, percent=True),)
    batch_soak: timedelta = timedelta()
    max_in_flight: InFlight = InFlight()
    max_failures: Amount = Amount(0)
    min_effective: Amount = Amount(90, percent=True)
    gates: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    stragglers: Stragglers = Stragglers.FREE


@dataclass(frozen=True)
class Notice:
    """Whom to tell, and when: at an event, or a span before a start."""

    to: tuple[str, ...]
    when: tuple[str, ...] = ()
    before: timedelta | None = None


@dataclass(frozen=True)
class Cycle:
    """A way to patch a part of the fleet, again and again or by hand."""

    name: str
    inventory: str
    hosts: str
    rings: tuple[Ring, ...]
    starts: str | None = None
    jitter: timedelta = timedelta()
    missed: Missed = Missed.RUN
    install: Install = Install()
    deadline: timedelta | None = None
    windows: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    cutoff: timedelta = timedelta()
    stage_in_freeze: bool = True
    shard: int = 100
    superseded: Superseded = Superseded.PAUSE
    on_breach: Scope = Scope.HOST
    gates: Mapping[str, Gate] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Source:
    """An inventory that cycles name: paths as Ansible takes them, and how old its hosts may be."""

    name: str
    sources: tuple[Path, ...]
    refresh: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Recipient:
    """Where a notice goes: a command that reads it on its standard input, a web address, or by mail."""

    name: str
    command: tuple[str, ...] = ()
    webhook: str = ""
    mail: tuple[str, ...] = ()


@dataclass(frozen=True)
class RolloutPolicy:
    """Everything that a policy says about rollouts."""

    zone: ZoneInfo
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    inventories: Mapping[str, Source] = field(default_factory=dict)
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    recipients: Mapping[str, Recipient] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
