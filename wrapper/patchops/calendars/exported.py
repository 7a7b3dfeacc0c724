# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the opaque events of an iCalendar file (RFC 5545) as periods.

The file is foreign input: it comes from a colleague's calendar program.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period, moment_of
from patchops.errors import InputError

_LARGEST: Final = 8 * 1024 * 1024
_MOST_EVENTS: Final = 20_000
_TIMES: Final = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")


def periods(path: Path, zone: tzinfo, begin: datetime, end: datetime) -> list[Period]:
    """Return the opaque events of the file that overlap `begin` to `end` (UTC), sorted.

    :param zone: for whole days and for times that name no time zone
    :raises InputError: the file can't be read, or names a time zone that nobody knows
    """
    calendar = _read(path)
    margin = timedelta(days=1)  # the library compares local times
    found = []
    try:
        events = recurring_ical_events.of(calendar).between(begin - margin, end + margin)
    except Exception as error:  # the library raises whatever a wrong rule makes it stumble over
        raise InputError(
            f"{path}: its events can't be expanded: {type(error).__name__}: {error}",
            "Export the calendar anew, or repair the event that the message names.",
        ) from error
    if len(events) > _MOST_EVENTS:
        raise InputError(f"{path}: more than {_MOST_EVENTS} events.", "Split the calendar.")
    for event in events:
        if not _counts(event):
            continue
        first, last = _span(event, zone)
        if first < end and begin < last:
            found.append(Period(first, last, str(event.get("SUMMARY", ""))))
    return sorted(found, key=lambda one: (one.begin, one.end, one.reason))


def _read(path: Path) -> icalendar.Calendar:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}.", "Name a readable .ics file.") from error
    if len(raw) > _LARGEST:
        raise InputError(f"{path}: larger than {_LARGEST // 2**20} MiB.", "That is no calendar of people.")
    try:
        calendar = icalendar.Calendar.from_ical(raw)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f"{path}: not an iCalendar file: {error}", "Export the calendar anew.") from error
    if not isinstance(calendar, icalendar.Calendar):
        raise InputError(f"{path}: holds no VCALENDAR.", "Export the calendar anew.")
    for event in calendar.walk("VEVENT"):
        for name in _zones(event):
            _refuse_unknown_zone(path, event, name, calendar)
        if "DTSTART" not in event:
            raise InputError(
                f"{path}: the event {str(event.get('SUMMARY', ''))!r} has no beginning.",
                "Repair or remove it.",
            )
    return calendar


def _zones(event: Any) -> Iterator[str]:
    for name in _TIMES:
        values = event.get(name)
        for value in values if isinstance(values, list) else [values]:
            zone = getattr(value, "params", {}).get("TZID")
            if zone:
                yield str(zone)


def _refuse_unknown_zone(path: Path, event: Any, name: str, calendar: icalendar.Calendar) -> None:
    defined = {str(zone.get("TZID")) for zone in calendar.walk("VTIMEZONE")}
    try:
        ZoneInfo(name.removeprefix("/"))
    except (OSError, ValueError, LookupError):
        if name not in defined:
            raise InputError(
                f"{path}: the event {str(event.get('SUMMARY', ''))!r} is in the time zone {name!r}, which is "
                "neither known nor defined in the file.",
                "Use an IANA name such as Europe/Berlin.",
            ) from None


def _counts(event: Any) -> bool:
    """An event that is shown as free, or was called off, keeps nobody from anything."""
    return (
        str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"
        and str(event.get("STATUS", "CONFIRMED")).upper() != "CANCELLED"
    )


def _span(event: Any, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return begin and end in UTC. The end of an event is a local time; whole days end at midnight."""
    first = event["DTSTART"].dt
    if "DTEND" in event:
        last = event["DTEND"].dt
    elif "DURATION" in event:
        last = first + event["DURATION"].dt
    else:
        last = first + timedelta(days=1) if not isinstance(first, datetime) else first
    return _moment(first, zone), _moment(last, zone)


def _moment(value: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        return moment_of(datetime.combine(value, time()), zone)
    if value.tzinfo is None:
        return moment_of(value, zone)
    return moment_of(value.replace(tzinfo=None), value.tzinfo)
