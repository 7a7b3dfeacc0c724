# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the windows, freezes, starts and deadline of a cycle leave any time in which hosts can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.calendars.model import Calendar
from patchops.calendars.occurrences import Timetable
from patchops.calendars.recurrence import HORIZON
from patchops.calendars.schedule import next_opening, opening, schedule_of
from patchops.errors import InputError
from patchops.policy.model import Cycle
from patchops.policy.part import Part, shown

_STARTS_AHEAD: Final = timedelta(days=366)
_SHOWN: Final = 3


def check_timing(
    part: Part, cycle: Cycle, calendars: Mapping[str, Calendar], zone: ZoneInfo, today: date
) -> None:
    """Note calendars of a cycle that never occur, and windows that freezes or starts leave unused.

    Calendars in the time zone of each host are looked at in the policy's.
    """
    named = {*cycle.windows, *cycle.freezes, *([cycle.starts] if cycle.starts else [])}
    used = {name: calendars[name] for name in sorted(named) if name in calendars}
    now = datetime.combine(today, time(), timezone.utc)
    timetable = Timetable(used, now, now + HORIZON)
    periods: dict[str, list[Period]] = {}
    for name in used:
        try:
            periods[name] = timetable.periods(name, zone)
        except InputError as error:
            part.findings.wrong(f"calendars.{name}.ical", error.message, error.remedy)
    if periods.keys() != named or _never(part, cycle, periods):
        return
    schedule = schedule_of(
        [period for name in cycle.windows for period in periods[name]] if cycle.windows else None,
        [period for name in cycle.freezes for period in periods[name]],
        cycle.cutoff,
    )
    if next_opening(schedule, now) is None and opening(schedule, now) is None:
        _swallowed(part, cycle)
    elif cycle.starts:
        starts = [start.begin for start in periods[cycle.starts] if now <= start.begin < now + _STARTS_AHEAD]
        _starts(part, cycle, starts, schedule, zone)


def _never(part: Part, cycle: Cycle, periods: Mapping[str, Sequence[Period]]) -> bool:
    never = False
    for number, name in enumerate(cycle.windows):
        if not periods[name]:
            never = True
            part.findings.wrong(
                f"{part.at('windows')}[{number}]",
                f"{name} never opens within two years",
                "correct the calendar, or take it away",
            )
    if cycle.starts and not periods[cycle.starts]:
        never = True
        part.wrong("starts", f"{cycle.starts} never occurs within two years", "correct the calendar")
    for number, name in enumerate(cycle.freezes):
        if not periods[name]:
            part.findings.warn(
                f"{part.at('freezes')}[{number}]", f"{name} has nothing to come", "take it away, or renew it"
            )
    return never


def _swallowed(part: Part, cycle: Cycle) -> None:
    if cycle.freezes:
        part.wrong(
            "freezes",
            f"{', '.join(cycle.freezes)} leave nothing of {', '.join(cycle.windows) or 'the next two years'}",
            "shorten the freeze, or add a window",
        )
    else:
        part.wrong(
            "windows", f"none is longer than the cutoff of {shown(cycle.cutoff)}", "shorten the cutoff"
        )


def _starts(
    part: Part, cycle: Cycle, starts: Sequence[datetime], schedule: Sequence[Period], zone: ZoneInfo
) -> None:
    if cycle.deadline is None:
        return
    closed = []
    for start in starts:
        coming = next_opening(schedule, start)
        if opening(schedule, start) is None and (coming is None or coming >= start + cycle.deadline):
            closed.append(start)
    if not closed:
        return
    days = ", ".join(f"{start.astimezone(zone):%Y-%m-%d}" for start in closed[:_SHOWN])
    more = f" and {len(closed) - _SHOWN} more" if len(closed) > _SHOWN else ""
    message = f"no window opens within {shown(cycle.deadline)} after the start of {days}{more}"
    remedy = "give a longer deadline, or another window"
    if len(closed) == len(starts):
        part.wrong("deadline", message, remedy)
    else:
        part.findings.warn(part.at("deadline"), message, remedy)
