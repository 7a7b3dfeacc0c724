# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period, judge, parse_windows
from patchops.calendars.model import Calendar, read_calendar
from patchops.calendars.occurrences import Timetable, occurrences
from patchops.errors import InputError

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 30)
NIGHT = {"rrule": "FREQ=DAILY", "start": "22:00", "duration": "4h"}


def calendar(data: dict[str, Any], folder: Path = Path("/policy")) -> Calendar:
    found, problems = read_calendar(data, "calendars.x", folder, "Europe/Berlin", TODAY)
    assert problems == []
    assert found is not None
    return found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def between(data: dict[str, Any], begin: str, end: str, zone: ZoneInfo = BERLIN) -> list[str]:
    found = occurrences(calendar(data), zone, utc(begin), utc(end))
    return [f"{one.begin:%m-%d %H:%M} - {one.end:%m-%d %H:%M}" for one in found]


def test_a_window_lasts_as_long_as_it_says_when_the_clock_goes_back() -> None:
    # In the night to 2026-10-25 Berlin goes from UTC+2 to UTC+1.
    assert between(NIGHT, "2026-10-24T12:00", "2026-10-25T23:00") == [
        "10-24 20:00 - 10-25 00:00",
        "10-25 21:00 - 10-26 01:00",
    ]


def test_a_window_lasts_as_long_as_it_says_when_the_clock_goes_forward() -> None:
    # In the night to 2026-03-29 Berlin goes from UTC+1 to UTC+2.
    assert between(NIGHT, "2026-03-28T12:00", "2026-03-29T23:00") == [
        "03-28 21:00 - 03-29 01:00",
        "03-29 20:00 - 03-30 00:00",
    ]


def test_a_window_in_the_hosts_own_zone_opens_at_another_time_in_tokyo() -> None:
    own = {**NIGHT, "timezone": "host"}
    assert between(own, "2026-11-22T00:00", "2026-11-23T00:00", TOKYO) == ["11-22 13:00 - 11-22 17:00"]
    assert between(own, "2026-11-22T12:00", "2026-11-23T00:00", BERLIN) == ["11-22 21:00 - 11-23 01:00"]


def test_days_after_patch_tuesday_are_days_of_the_calendar() -> None:
    patched = {"rrule": "FREQ=MONTHLY;BYDAY=2TU", "plus": "3d", "start": "20:00", "duration": "6h"}
    assert between(patched, "2026-09-01T00:00", "2026-12-31T00:00") == [
        "09-11 18:00 - 09-12 00:00",
        "10-16 18:00 - 10-17 00:00",
        "11-13 19:00 - 11-14 01:00",
        "12-11 19:00 - 12-12 01:00",
    ]


def test_the_end_of_a_freeze_is_excluded_and_counts_in_its_zone() -> None:
    freeze = {"from": "2026-12-18", "until": "2027-01-04", "reason": "year end"}
    (found,) = occurrences(calendar(freeze), BERLIN, utc("2026-12-01"), utc("2027-02-01"))
    assert found == Period(utc("2026-12-17T23:00"), utc("2027-01-03T23:00"), "year end")


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["02:30", "22:00", "00:00"]),
    st.integers(1, 40),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]),
)
def test_policy_and_play_agree_whether_a_window_is_open(
    moment: datetime, start: str, hours: int, zone: str
) -> None:
    """The gate of a play and the calendar of a policy read gaps and folds of the clock alike."""
    now = moment.replace(tzinfo=timezone.utc)
    play = parse_windows({"start": start, "duration": f"{hours}h", "days": ["tue"], "timezone": zone})
    policy = calendar(
        {"rrule": "FREQ=WEEKLY;BYDAY=TU", "start": start, "duration": f"{hours}h", "timezone": zone}
    )
    found = occurrences(policy, ZoneInfo(zone), now, now + timedelta(seconds=1))
    assert bool(found) == judge(play, [], now).open


def test_each_calendar_is_computed_once_for_each_zone() -> None:
    own = calendar({**NIGHT, "timezone": "host"})
    table = Timetable({"nights": own}, utc("2026-11-01"), utc("2026-11-03"))
    assert table.periods("nights", BERLIN) is table.periods("nights", BERLIN)
    assert table.periods("nights", BERLIN) != table.periods("nights", TOKYO)


EVENTS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//shop//EN
BEGIN:VEVENT
UID:sale
SUMMARY:Sale
DTSTART;VALUE=DATE:20261127
DTEND;VALUE=DATE:20261129
END:VEVENT
BEGIN:VEVENT
UID:stock
SUMMARY:Stocktaking
DTSTART:20261102T200000
DTEND:20261103T040000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE:20261109T200000
END:VEVENT
BEGIN:VEVENT
UID:free
SUMMARY:Somebody's birthday
TRANSP:TRANSPARENT
DTSTART;VALUE=DATE:20261110
END:VEVENT
BEGIN:VEVENT
UID:off
SUMMARY:Called off
STATUS:CANCELLED
DTSTART:20261111T100000Z
DTEND:20261111T110000Z
END:VEVENT
BEGIN:VEVENT
UID:tokyo
SUMMARY:Campaign
DTSTART;TZID=Asia/Tokyo:20261120T090000
DURATION:PT4H
END:VEVENT
END:VCALENDAR
"""


def events(tmp_path: Path, text: str) -> list[Period]:
    (tmp_path / "shop.ics").write_text(text.replace("\n", "\r\n"), "utf-8")
    return occurrences(calendar({"ical": "shop.ics"}, tmp_path), BERLIN, utc("2026-11-01"), utc("2026-12-01"))


def test_opaque_events_of_a_calendar_file_are_periods(tmp_path: Path) -> None:
    found = events(tmp_path, EVENTS)
    assert [(one.reason, f"{one.begin:%d %H:%M} - {one.end:%d %H:%M}") for one in found] == [
        ("Stocktaking", "02 19:00 - 03 03:00"),
        ("Stocktaking", "16 19:00 - 17 03:00"),
        ("Campaign", "20 00:00 - 20 04:00"),
        ("Stocktaking", "23 19:00 - 24 03:00"),
        ("Sale", "26 23:00 - 28 23:00"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EVENTS.replace("Asia/Tokyo", "Mars/Olympus"), "neither known nor defined"),
        (EVENTS.replace("BEGIN:VCALENDAR\n", ""), "not an iCalendar file|holds no VCALENDAR"),
        ("hello", "not an iCalendar file|holds no VCALENDAR"),
        ("", "not an iCalendar file|holds no VCALENDAR"),
        (EVENTS.replace("DTSTART;VALUE=DATE:20261127\n", ""), "'Sale' has no beginning"),
    ],
)
def test_a_calendar_file_that_is_not_understood_is_refused_by_name(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        events(tmp_path, text)
    assert "shop.ics" in raised.value.message


def test_a_calendar_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        occurrences(calendar({"ical": "no.ics"}, tmp_path), BERLIN, utc("2026-11-01"), utc("2026-12-01"))


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ({"start": "22:00"}, "calendars.x", "no calendar that is known"),
        ({**NIGHT, "start": 1320}, "calendars.x.start", "write it in quotes"),
        ({**NIGHT, "duration": "forever"}, "calendars.x.duration", "not a duration"),
        ({**NIGHT, "duration": "40d"}, "calendars.x.duration", "out of range"),
        ({**NIGHT, "plus": "3h"}, "calendars.x.plus", "calendar days"),
        ({**NIGHT, "anchor": "monday"}, "calendars.x.anchor", "not a day"),
        ({**NIGHT, "timezone": "Mars"}, "calendars.x.timezone", "not known"),
        ({**NIGHT, "end": "02:00"}, "calendars.x.end", "has no end"),
        ({"rrule": "FREQ=DAILY"}, "calendars.x", "'start' is missing"),
        ({"from": "2026-12-18"}, "calendars.x", "'until' is missing"),
        ({"from": "2026-12-18", "until": "2026-12-01"}, "calendars.x", "ends before it begins"),
        ({"from": "soon", "until": "2026-12-01"}, "calendars.x.from", "not a time"),
    ],
)
def test_each_mistake_in_a_calendar_is_told_with_its_place_and_a_remedy(
    data: dict[str, Any], place: str, message: str
) -> None:
    found, problems = read_calendar(data, "calendars.x", Path(), "UTC", TODAY)
    assert found is None
    told = [f"{problem.message}; {problem.remedy}" for problem in problems if problem.place == place]
    assert any(message in line for line in told)
    assert all(problem.remedy for problem in problems)
