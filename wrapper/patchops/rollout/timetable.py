# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedules of a cycle: when hosts of each time zone may be changed, from the policy's calendars."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import (
    Period,
    Recurring,
    periods_between,
)
from patchops.calendars.occurrences import Timetable
from patchops.calendars.schedule import schedule_of
from patchops.policy.model import Cycle, RolloutPolicy


@dataclass(frozen=True)
class Times:
    """What decides when a host may be changed beside its cycle: its time zone, and windows of its own."""

    zone: str
    windows: tuple[Recurring | Period, ...] = ()
    freezes: tuple[Period, ...] = ()

    @property
    def name(self) -> str:
        """A short name for it; hosts with equal times have the same."""
        if not self.windows and not self.freezes:
            return self.zone
        digest = hashlib.sha256(repr((self.windows, self.freezes)).encode()).hexdigest()
        return f"{self.zone}#{digest[:12]}"


def schedules(
    policy: RolloutPolicy,
    cycle: Cycle,
    times: Iterable[Times],
    begin: datetime,
    end: datetime,
    ignore_freezes: bool = False,
) -> dict[str, tuple[Period, ...]]:
    """Return when hosts of a cycle may be changed from `begin` to `end` (UTC), by the name of their times.

    Windows of a host narrow those of the cycle, its freezes add to them.

    :raises InputError: a calendar's file can't be read
    """
    timetable = Timetable(dict(policy.calendars), begin, end)
    found = {}
    for one in times:
        zone = ZoneInfo(one.zone)
        windows = [period for name in cycle.windows for period in timetable.periods(name, zone)]
        freezes = [period for name in cycle.freezes for period in timetable.periods(name, zone)]
        own = periods_between(one.windows, begin, end) if one.windows else None
        found[one.name] = schedule_of(
            windows if cycle.windows else None,
            [] if ignore_freezes else [*freezes, *one.freezes],
            cycle.cutoff,
            own,
        )
    return found


def next_start(policy: RolloutPolicy, cycle: Cycle, now: datetime, end: datetime) -> Period | None:
    """Return when the calendar of a cycle starts it next; None: it is started by hand, or never."""
    if cycle.starts is None:
        return None
    timetable = Timetable(dict(policy.calendars), now, end)
    coming = [one for one in timetable.periods(cycle.starts, policy.zone) if one.begin >= now]
    return min(coming, key=lambda one: one.begin, default=None)
