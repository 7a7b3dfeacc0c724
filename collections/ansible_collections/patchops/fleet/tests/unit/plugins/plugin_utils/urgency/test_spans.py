# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar spans."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("14 days", date(2026, 2, 20), date(2026, 3, 6)),
        ("1 month", date(2026, 1, 31), date(2026, 2, 28)),
        ("1 month", date(2024, 1, 31), date(2024, 2, 29)),
        ("3 months", date(2026, 11, 15), date(2027, 2, 15)),
        ("0 days", date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_span_ends_on_the_calendar_day(span: str, start: date, end: date) -> None:
    assert Span.parse(span).after(start) == end


@pytest.mark.parametrize("text", ["", "14", "two weeks", "-1 days", "1 year", "14 days "])
def test_another_form_is_refused_with_the_accepted_one(text: str) -> None:
    with pytest.raises(ValueError, match="write for example '14 days' or '1 month'"):
        Span.parse(text)


@given(DAYS, DAYS, st.sampled_from(["3 days", "1 month", "5 months"]))
def test_a_later_start_never_ends_earlier(one: date, other: date, text: str) -> None:
    first, second = sorted((one, other))
    assert Span.parse(text).after(first) <= Span.parse(text).after(second)
