# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendars that a policy names, and what is wrong with how one is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.durations import parse_duration
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import (
    Period,
    parse_moment,
    parse_start,
    parse_zone,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from patchops.calendars import recurrence
from patchops.calendars.recurrence import Rule

HOST_ZONE: Final = "host"
"""The time zone of a calendar that each host reads in its own."""

_LONGEST: Final = timedelta(days=31)
_LONGEST_PLUS: Final = 31
_PLUS: Final = re.compile(r"(?P<days>[0-9]{1,2}) ?d(?:ays?)?\Z")
_KEYS: Final = {
    "rrule": {"rrule", "plus", "start", "duration", "timezone", "anchor"},
    "from": {"from", "until", "reason", "timezone"},
    "ical": {"ical", "timezone", "reason"},
}


@dataclass(frozen=True)
class Recurring:
    """Occurs on `plus` days after each day of `rule`, at `start` local time, for `duration` of elapsed time.

    `zone`: an IANA name, or HOST_ZONE.
    """

    rule: Rule
    plus: int
    start: time
    duration: timedelta
    zone: str


@dataclass(frozen=True)
class Once:
    """One period: `begin` is included, `end` is not; both are local times of `zone` unless they are aware."""

    begin: datetime
    end: datetime
    reason: str
    zone: str

    def period(self, zone: tzinfo) -> Period:
        """The period in UTC; `zone` counts where the calendar is in the host's own time zone."""
        return Period(parse_moment(self.begin, zone), parse_moment(self.end, zone), self.reason)


@dataclass(frozen=True)
class Exported:
    """The opaque events of an iCalendar file; `zone` is for times that name none."""

    path: Path
    reason: str
    zone: str


Calendar = Recurring | Once | Exported


def read_calendar(
    data: Mapping[str, Any], place: str, folder: Path, default_zone: str, today: date
) -> tuple[Calendar | None, list[Problem]]:
    """Return the calendar that `data` describes, or None and every problem with it.

    :param place: where it stands in the policy, such as ``calendars.nights``
    :param folder: what a relative path of an iCalendar file counts from
    """
    kinds = [kind for kind in _KEYS if kind in data]
    if len(kinds) != 1:
        return None, [
            Problem(place, "no calendar that is known", "give one of rrule, from with until, or ical")
        ]
    kind = kinds[0]
    problems = [
        Problem(f"{place}.{key}", f"a calendar with {kind} has no {key}", f"known here: {_known(kind)}")
        for key in data
        if key not in _KEYS[kind]
    ]
    zone = str(data.get("timezone", default_zone))
    if zone != HOST_ZONE:
        problems += _problem(f"{place}.timezone", lambda: parse_zone(zone))
    build = {"rrule": _recurring, "from": _once, "ical": _exported}[kind]
    calendar, found = build(data, place, folder, zone, today)
    problems += found
    return (None if problems else calendar), problems


def _recurring(
    data: Mapping[str, Any], place: str, _folder: Path, zone: str, today: date
) -> tuple[Calendar | None, list[Problem]]:
    problems = _missing(data, place, ("start", "duration"))
    values: dict[str, Any] = {"plus": 0, "anchor": None}
    for key, read in (
        ("start", parse_start),
        ("duration", _duration),
        ("plus", _plus),
        ("anchor", _anchor),
    ):
        if key in data:
            try:
                values[key] = read(data[key])
            except ValueError as error:
                problems.append(_from_error(f"{place}.{key}", error))
    text = str(data["rrule"])
    problems += [
        Problem(f"{place}.rrule", what, remedy)
        for what, remedy in recurrence.problems(text, values["anchor"], today)
    ]
    if problems:
        return None, problems
    rule = Rule(text, values["anchor"])
    return Recurring(rule, values["plus"], values["start"], values["duration"], zone), []


def _once(
    data: Mapping[str, Any], place: str, _folder: Path, zone: str, _today: date
) -> tuple[Calendar | None, list[Problem]]:
    problems = _missing(data, place, ("until",))
    moments = {}
    for key in ("from", "until"):
        if key in data:
            try:
                moments[key] = _local(data[key])
            except ValueError as error:
                problems.append(_from_error(f"{place}.{key}", error))
    if not problems:
        utc = parse_zone(None)
        if parse_moment(moments["from"], utc) >= parse_moment(moments["until"], utc):
            problems.append(Problem(place, "it ends before it begins", "until is excluded: give a later one"))
    if problems:
        return None, problems
    return Once(moments["from"], moments["until"], str(data.get("reason") or ""), zone), []


def _exported(
    data: Mapping[str, Any], place: str, folder: Path, zone: str, _today: date
) -> tuple[Calendar | None, list[Problem]]:
    if not isinstance(data["ical"], str):
        return None, [Problem(f"{place}.ical", "is not a path", "give the path of an .ics file")]
    return Exported(folder / data["ical"], str(data.get("reason") or ""), zone), []


def _missing(data: Mapping[str, Any], place: str, keys: tuple[str, ...]) -> list[Problem]:
    return [Problem(place, f"{key!r} is missing", f"add {key}") for key in keys if key not in data]


def _known(kind: str) -> str:
    return ", ".join(sorted(_KEYS[kind]))


def _problem(place: str, read: Any) -> Iterator[Problem]:
    try:
        read()
    except ValueError as error:
        yield _from_error(place, error)


def _from_error(place: str, error: ValueError) -> Problem:
    message, _semicolon, remedy = str(error).partition("; ")
    return Problem(place, message, remedy)


def _duration(value: object) -> timedelta:
    span = parse_duration(value)
    if not timedelta() < span <= _LONGEST:
        raise ValueError(f"{value!r} is out of range; give a duration of up to {_LONGEST.days} days")
    return span


def _plus(value: object) -> int:
    match = _PLUS.match(value) if isinstance(value, str) else None
    if match is None or int(match["days"]) > _LONGEST_PLUS:
        raise ValueError(
            f"{value!r} is no number of calendar days; write for example '3d', up to {_LONGEST_PLUS}d"
        )
    return int(match["days"])


def _anchor(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a day; write for example 2026-01-05") from None


def _local(value: object) -> datetime:
    """Return a time as written: naive where it gives no offset, a bare day its midnight."""
    text = str(value)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a time; write for example 2026-12-18 or 2026-12-18T18:00"
        ) from None
