# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows say when a batch may start, freezes when nothing may.

A recurring window starts at a local time and lasts for a span of real time: its end is its start in UTC plus
the span. So a window across a daylight-saving change is neither longer nor shorter than it says. A local
time that the change skips is read with the offset before the change; one that it repeats means the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.durations import parse_duration

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Far enough to find the next start of any weekly window.
_HORIZON_DAYS = 8

_TIME = re.compile(r"(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])\Z")
_LONGEST_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class Recurring:
    """Opens on `days` (0 is Monday) at `start` in `zone`, for `duration` of real time."""

    days: tuple[int, ...]
    start: time
    duration: timedelta
    zone: tzinfo


@dataclass(frozen=True)
class Period:
    """From `begin` (included) to `end` (excluded), both UTC."""

    begin: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether a batch may start, and why (a sentence for people)."""

    open: bool
    reason: str


def parse_windows(value: object) -> list[Recurring | Period]:
    """Return the windows that `value` (one mapping or a list of them; None is no window at all) describes.

    Recurring: ``{start: "22:00", duration: "4h", days: [sat, sun], timezone: Europe/Berlin}``; without days
    it is every day, without a time zone UTC. Once: ``{from: ..., until: ...}``. Raises ValueError.
    """
    return [_window(item) for item in _mappings(value, "window")]


def parse_freezes(value: object) -> list[Period]:
    """Return the freezes that `value` describes: ``{from: ..., until: ..., reason: ...}``, one or a list.

    Times are ISO 8601 and UTC unless they carry an offset or the mapping a ``timezone``; a bare date is its
    midnight. Raises ValueError.
    """
    return [_period(item) for item in _mappings(value, "freeze")]


def judge(windows: Sequence[Recurring | Period], freezes: Sequence[Period], now: datetime) -> Verdict:
    """Tell whether a batch may start at `now` (aware). Without windows it may whenever nothing is frozen."""
    for freeze in freezes:
        if freeze.begin <= now < freeze.end:
            why = f" ({freeze.reason})" if freeze.reason else ""
            return Verdict(False, f"frozen until {_show(freeze.end)}{why}")
    if not windows:
        return Verdict(True, "no window is set")
    periods = [period for window in windows for period in _periods(window, now)]
    current = [period.end for period in periods if period.begin <= now < period.end]
    if current:
        return Verdict(True, f"inside the window that ends at {_show(max(current))}")
    coming = [period.begin for period in periods if period.begin > now]
    if coming:
        return Verdict(False, f"outside the window; the next one opens at {_show(min(coming))}")
    return Verdict(False, "outside the window, and none follows")


def periods_between(windows: Sequence[Recurring | Period], begin: datetime, end: datetime) -> list[Period]:
    """Return the periods of windows that overlap `begin` to `end` (UTC, end excluded), in order."""
    found = [period for window in windows for period in _expanded(window, begin, end)]
    overlapping = [period for period in found if period.begin < end and begin < period.end]
    return sorted(overlapping, key=lambda period: (period.begin, period.end))


def moment_of(local: datetime, zone: tzinfo) -> datetime:
    """Return the moment (UTC) of a local time of day.

    A time that the clock skips is read with the offset before the change; one that it repeats is the first.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)


def _periods(window: Recurring | Period, now: datetime) -> Iterator[Period]:
    """Yield the periods of a window that can hold `now` or come next."""
    return _expanded(window, now, now + timedelta(days=_HORIZON_DAYS))


def _expanded(window: Recurring | Period, begin: datetime, end: datetime) -> Iterator[Period]:
    """Yield the periods of a window that can overlap `begin` to `end`."""
    if isinstance(window, Period):
        yield window
        return
    first = begin.astimezone(window.zone).date() - timedelta(days=window.duration.days + 1)
    last = end.astimezone(window.zone).date()
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.weekday() in window.days:
            begin = moment_of(datetime.combine(day, window.start), window.zone)
            yield Period(begin, begin + window.duration)


def _window(item: Mapping[str, object]) -> Recurring | Period:
    if "from" in item or "until" in item:
        return _period(item)
    _known(item, {"start", "duration", "days", "timezone"}, "window")
    return Recurring(
        days=_days(item.get("days")),
        start=parse_start(item.get("start")),
        duration=_duration(item.get("duration")),
        zone=parse_zone(item.get("timezone")),
    )


def _period(item: Mapping[str, object]) -> Period:
    _known(item, {"from", "until", "reason", "timezone"}, "period")
    zone = parse_zone(item.get("timezone"))
    begin, end = parse_moment(item.get("from"), zone), parse_moment(item.get("until"), zone)
    if begin >= end:
        raise ValueError(f"a period ends before it begins: from {item.get('from')} until {item.get('until')}")
    return Period(begin, end, str(item.get("reason") or ""))


def _mappings(value: object, what: str) -> list[Mapping[str, object]]:
    items = [] if value is None else value if isinstance(value, (list, tuple)) else [value]
    for item in items:
        if not isinstance(item, Mapping):
            raise ValueError(f"a {what} is a mapping, not {item!r}")
    return list(items)


def _known(item: Mapping[str, object], names: set[str], what: str) -> None:
    unknown = sorted(str(name) for name in item if name not in names)
    if unknown:
        raise ValueError(f"a {what} has no {', '.join(unknown)}; it has {', '.join(sorted(names))}")


def _days(value: object) -> tuple[int, ...]:
    if value is None:
        return tuple(range(7))
    names = [str(name).lower()[:3] for name in (value if isinstance(value, (list, tuple)) else [value])]
    if not names or any(name not in DAYS for name in names):
        raise ValueError(f"days {value!r} are not understood; write a list of {', '.join(DAYS)}")
    return tuple(sorted({DAYS.index(name) for name in names}))


def parse_start(value: object) -> time:
    """Return a time of day written as ``"22:00"``. Raises ValueError."""
    match = _TIME.match(str(value))
    if match is None:
        # YAML 1.1 reads an unquoted 22:00 as a number in base 60.
        raise ValueError(f"start {value!r} is not a time of day; write it in quotes, such as '22:00'")
    return time(int(match["hour"]), int(match["minute"]))


def _duration(value: object) -> timedelta:
    span = parse_duration(value)
    if not timedelta() < span <= _LONGEST_WINDOW:
        raise ValueError(f"duration {value!r} is out of range; a window lasts up to 7 days, for example '4h'")
    return span


def parse_zone(value: object) -> tzinfo:
    """Return a time zone by its IANA name; None is UTC. Raises ValueError."""
    if value is None:
        return timezone.utc
    try:
        return ZoneInfo(str(value))
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(
            f"the time zone {str(value)!r} is not known on the controller; write for example Europe/Berlin, "
            "and install the controller's time zone data (tzdata) when it has none"
        ) from error


def parse_moment(value: object, zone: tzinfo) -> datetime:
    """Return a moment (UTC) from ISO 8601; without an offset it is in `zone`, a bare date its midnight.

    Raises ValueError.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time())
    else:
        text = str(value)
        try:
            # Python before 3.11 doesn't read the Z.
            moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a time; write for example 2026-12-24T18:00:00Z") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(timezone.utc)


def _show(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
