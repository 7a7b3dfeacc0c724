# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchops.calendars.recurrence import Rule, problems

TODAY = date(2026, 11, 30)


def told(text: str, anchor: date | None = None) -> list[str]:
    return [f"{what}; {remedy}" for what, remedy in problems(text, anchor, TODAY)]


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("FREQ=DAILY", None),
        ("FREQ=WEEKLY;BYDAY=TU,WE,TH", None),
        ("FREQ=MONTHLY;BYDAY=2TU", None),
        ("FREQ=MONTHLY;BYDAY=-1FR", None),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", None),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", None),
        ("FREQ=YEARLY;BYDAY=20MO", None),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", date(2026, 1, 5)),
        ("FREQ=WEEKLY", date(2026, 1, 5)),
    ],
)
def test_a_rule_that_says_its_days_is_taken(text: str, anchor: date | None) -> None:
    assert told(text, anchor) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not NAME=VALUE"),
        ("BYDAY=MO", "FREQ is None"),
        ("FREQ=HOURLY", "FREQ is 'HOURLY'"),
        ("FREQ=WEEKLY;BYDAY=2TU", "has an ordinal, which a WEEKLY rule doesn't know"),
        ("FREQ=WEEKLY;BYDAY=TUE", "BYDAY has 'TUE'"),
        ("FREQ=WEEKLY", "does not say on which days"),
        ("FREQ=MONTHLY", "does not say on which days"),
        ("FREQ=YEARLY;BYMONTH=4", "does not say on which days"),
        ("FREQ=DAILY;BYHOUR=22", "give the time with start"),
        ("FREQ=DAILY;COUNT=3", "ends by itself"),
        ("FREQ=DAILY;UNTIL=20270101", "ends by itself"),
        ("FREQ=DAILY;FOO=1", "unknown part FOO"),
        ("FREQ=DAILY;FREQ=WEEKLY", "gives FREQ twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is '0'"),
        ("FREQ=DAILY;INTERVAL=100", "INTERVAL is '100'"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "give anchor"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY has '32'"),
        ("FREQ=YEARLY;BYMONTH=-1;BYMONTHDAY=1", "BYMONTH has '-1'"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never occurs within two years"),
        ("freq=daily", "unknown part freq"),
    ],
)
def test_a_rule_that_the_library_would_mangle_is_refused_with_a_remedy(text: str, message: str) -> None:
    assert any(message in line for line in told(text)), told(text)


def test_a_second_tuesday_falls_on_the_8th_at_the_earliest_and_the_14th_at_the_latest() -> None:
    days = list(Rule("FREQ=MONTHLY;BYDAY=2TU").days(date(2026, 1, 1), date(2027, 12, 31)))
    assert len(days) == 24
    assert date(2026, 9, 8) in days
    assert date(2026, 7, 14) in days
    assert all(8 <= day.day <= 14 for day in days)


def test_every_second_week_counts_from_the_anchor() -> None:
    rule = Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", date(2026, 1, 5))
    assert list(rule.days(date(2026, 11, 1), date(2026, 11, 30))) == [date(2026, 11, 9), date(2026, 11, 23)]


def test_a_rule_does_not_occur_before_its_anchor() -> None:
    rule = Rule("FREQ=DAILY", date(2026, 11, 10))
    assert next(rule.days(date(2026, 1, 1), date(2026, 12, 1))) == date(2026, 11, 10)


RULES = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=TU,SA",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=-1",
    ]
)


@given(RULES, st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.integers(0, 400))
def test_the_days_of_a_rule_do_not_depend_on_where_one_begins_to_look(
    text: str, begin: date, skipped: int, length: int
) -> None:
    later = begin + timedelta(days=skipped)
    end = later + timedelta(days=length)
    whole = [day for day in Rule(text).days(begin, end) if day >= later]
    assert list(Rule(text).days(later, end)) == whole
