# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a calendar occurs, in UTC.

A recurring calendar counts days and the time of day locally; its end is its begin in UTC plus the duration.
So a window across a clock change is neither longer nor shorter than it says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period, moment_of
from patchops.calendars import exported
from patchops.calendars.model import HOST_ZONE, Calendar, Exported, Once, Recurring

_MARGIN = timedelta(days=2)  # a local day and its moment in UTC lie at most this far apart


def occurrences(calendar: Calendar, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Period]:
    """Return the periods of a calendar that overlap `begin` to `end` (UTC, end excluded), in order.

    :param zone: of the host, for calendars in the host's own time zone
    :raises InputError: an iCalendar file can't be read
    """
    own = zone if calendar.zone == HOST_ZONE else ZoneInfo(calendar.zone)
    if isinstance(calendar, Exported):
        return exported.periods(calendar.path, own, begin, end)
    found = [calendar.period(own)] if isinstance(calendar, Once) else _recurring(calendar, own, begin, end)
    return [period for period in found if period.begin < end and begin < period.end]


def _recurring(calendar: Recurring, zone: ZoneInfo, begin: datetime, end: datetime) -> list[Period]:
    plus = timedelta(days=calendar.plus)
    first = (begin - calendar.duration - _MARGIN).date() - plus
    last = (end + _MARGIN).date() - plus
    periods = []
    for day in calendar.rule.days(first, last):
        moment = moment_of(datetime.combine(day + plus, calendar.start), zone)
        periods.append(Period(moment, moment + calendar.duration))
    return periods


class Timetable:
    """Occurrences of named calendars, computed once for each calendar and time zone."""

    def __init__(self, calendars: dict[str, Calendar], begin: datetime, end: datetime) -> None:
        self.calendars = calendars
        self.begin, self.end = begin, end
        self._kept: dict[tuple[str, str], list[Period]] = {}

    def periods(self, name: str, zone: ZoneInfo) -> list[Period]:
        """Return the periods of a calendar between the timetable's begin and end."""
        calendar = self.calendars[name]
        key = (name, str(zone) if calendar.zone == HOST_ZONE else calendar.zone)
        if key not in self._kept:
            self._kept[key] = occurrences(calendar, zone, self.begin, self.end)
        return self._kept[key]
