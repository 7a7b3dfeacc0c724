# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recurrence rules (RFC 5545, RRULE): a checked subset, expanded to days of a local calendar.

The library reads rules leniently: it ignores parts that it doesn't know, and takes what a rule leaves open
from the first occurrence. So a rule is checked here before the library sees it, and a rule without an anchor
must say by itself on which days it falls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from dateutil.rrule import rrulestr

HORIZON: Final = timedelta(days=2 * 366)
"""A rule without an occurrence within this time is refused: nobody means such a rule."""

_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS: Final = [
    "FREQ",
    "INTERVAL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYSETPOS",
    "BYYEARDAY",
    "BYWEEKNO",
    "WKST",
]
_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
_ENDS: Final = ("COUNT", "UNTIL")
_DAY: Final = re.compile(r"(?P<ordinal>[+-]?[1-9][0-9]?)?(?:MO|TU|WE|TH|FR|SA|SU)\Z")
_NUMBERS: Final = {"BYMONTHDAY": 31, "BYMONTH": 12, "BYSETPOS": 366, "BYYEARDAY": 366, "BYWEEKNO": 53}
# What a rule has to name so that its days don't depend on its first occurrence.
_NAMES_DAYS: Final = {
    "DAILY": ({"FREQ"},),
    "WEEKLY": ({"BYDAY"},),
    "MONTHLY": ({"BYDAY"}, {"BYMONTHDAY"}),
    "YEARLY": (
        {"BYMONTH", "BYDAY"},
        {"BYMONTH", "BYMONTHDAY"},
        {"BYYEARDAY"},
        {"BYWEEKNO", "BYDAY"},
        {"BYDAY"},
    ),
}


@dataclass(frozen=True)
class Rule:
    """A rule that `problems` finds nothing wrong with. `anchor`: the day from which its interval counts."""

    text: str
    anchor: date | None = None

    def days(self, begin: date, end: date) -> Iterator[date]:
        """Yield the days of the rule from `begin` to `end`, both included, in order."""
        # The library takes long for a first day in the distant past, so it is near unless an interval counts.
        first = self.anchor or date(begin.year - 1, 1, 1)
        moments = rrulestr(self.text, dtstart=datetime.combine(first, time()))
        for moment in moments.xafter(datetime.combine(max(begin, first), time()), inc=True):
            if moment.date() > end:
                return
            yield moment.date()


def problems(text: str, anchor: date | None, today: date) -> Iterator[tuple[str, str]]:
    """Yield (what is wrong, remedy) of a rule; none: it can be used.

    `today`: the day from which an occurrence is looked for.
    """
    parts, faults = _split(text)
    yield from faults
    if faults:
        return
    found = [*_unknown_parts(parts), *_wrong_values(parts), *_wrong_interval(parts, anchor)]
    if not found:
        found = [*_open_days(parts, anchor), *_wrong_ordinals(parts)]
    yield from found
    if found:
        return
    begin = max(today, anchor or today)
    try:
        occurs = next(Rule(text, anchor).days(begin, begin + HORIZON), None) is not None
    except (ValueError, TypeError, OverflowError) as error:
        yield f"the rule {text!r} is not understood ({error})", "look at the parts of the rule"
        return
    if not occurs:
        yield f"the rule {text!r} never occurs within two years", "name days that exist together"


def _split(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    parts: dict[str, str] = {}
    faults = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not name or not value:
            faults.append(
                (f"{part!r} in the rule is not NAME=VALUE", 'write for example "FREQ=WEEKLY;BYDAY=TU"')
            )
        elif name in parts:
            faults.append((f"the rule gives {name} twice", f"keep one {name}"))
        parts[name] = value
    return parts, faults


def _unknown_parts(parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in parts:
        if name in _TIMES:
            yield (
                f"the rule gives a time of day ({name})",
                "give the time with start, and take it out of the rule",
            )
        elif name in _ENDS:
            yield f"the rule ends by itself ({name})", "take it out, and remove the calendar when it is over"
        elif name not in _PARTS:
            yield f"the rule has an unknown part {name}", f"known here: {', '.join(_PARTS)}"
    if parts.get("FREQ") not in _FREQUENCIES:
        yield f"FREQ is {parts.get('FREQ')!r}", f"give one of {', '.join(_FREQUENCIES)}"


def _wrong_values(parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, largest in _NUMBERS.items():
        for number in parts.get(name, "").split(",") if name in parts else ():
            if re.fullmatch(r"[+-]?[0-9]{1,3}", number) is None or not 1 <= abs(int(number)) <= largest:
                yield f"{name} has {number!r}", f"give numbers from 1 to {largest}"
            elif name == "BYMONTH" and int(number) < 0:
                yield f"BYMONTH has {number!r}", "give months from 1 to 12"
    for day in parts.get("BYDAY", "").split(",") if "BYDAY" in parts else ():
        if _DAY.match(day) is None:
            yield (
                f"BYDAY has {day!r}",
                "give days as MO, TU, WE, TH, FR, SA, SU, or 2TU for the second Tuesday",
            )
    if "WKST" in parts and re.fullmatch("MO|TU|WE|TH|FR|SA|SU", parts["WKST"]) is None:
        yield f"WKST is {parts['WKST']!r}", "give a day as MO"


def _wrong_interval(parts: dict[str, str], anchor: date | None) -> Iterator[tuple[str, str]]:
    interval = parts.get("INTERVAL", "1")
    if re.fullmatch(r"[1-9][0-9]?", interval) is None:
        yield f"INTERVAL is {interval!r}", "give a number from 1 to 99"
    elif interval != "1" and anchor is None:
        yield (
            f"nothing says in which period an interval of {interval} begins",
            "give anchor: a day of the first period",
        )


def _open_days(parts: dict[str, str], anchor: date | None) -> Iterator[tuple[str, str]]:
    if anchor is None and not any(names <= parts.keys() for names in _NAMES_DAYS[parts["FREQ"]]):
        wanted = " or ".join(" and ".join(sorted(names)) for names in _NAMES_DAYS[parts["FREQ"]])
        yield f"the {parts['FREQ']} rule does not say on which days", f"give {wanted}, or an anchor"


def _wrong_ordinals(parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    ordinals = [day for day in parts.get("BYDAY", "").split(",") if day[:-2]]
    if ordinals and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        yield (
            f"{ordinals[0]} in BYDAY has an ordinal, which a {parts['FREQ']} rule doesn't know",
            "take the number away, or use FREQ=MONTHLY",
        )
    elif ordinals and "BYWEEKNO" in parts:
        yield f"{ordinals[0]} in BYDAY has an ordinal beside BYWEEKNO", "take one of the two away"
