# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import (
    Verdict,
    judge,
    parse_freezes,
    parse_windows,
)

NIGHT = {"start": "22:00", "duration": "4h", "timezone": "Europe/Berlin"}


def at(text: str, window: object = None, freeze: object = None) -> Verdict:
    now = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return judge(parse_windows(window), parse_freezes(freeze), now)


def test_without_a_window_a_batch_may_start_at_any_time() -> None:
    assert at("2026-11-22T10:00") == Verdict(True, "no window is set")


def test_outside_the_window_the_next_start_is_named() -> None:
    verdict = at("2026-11-22T10:00", NIGHT)
    assert verdict == Verdict(False, "outside the window; the next one opens at 2026-11-22T21:00:00Z")


def test_a_window_reaches_across_midnight() -> None:
    verdict = at("2026-11-23T00:59", NIGHT)
    assert verdict == Verdict(True, "inside the window that ends at 2026-11-23T01:00:00Z")


def test_the_end_of_a_window_is_outside_of_it() -> None:
    assert not at("2026-11-23T01:00", NIGHT).open


def test_a_window_of_saturday_is_still_open_on_sunday_morning() -> None:
    window = {**NIGHT, "days": ["sat"]}
    assert at("2026-11-22T00:30", window).open
    assert not at("2026-11-22T22:30", window).open


def test_days_may_be_one_name_and_written_in_full() -> None:
    assert at("2026-11-21T21:30", {**NIGHT, "days": "Saturday"}).open


def test_when_clocks_go_back_a_window_of_four_hours_lasts_four_hours() -> None:
    # In the night to 2026-10-25 Berlin goes from UTC+2 to UTC+1.
    verdict = at("2026-10-24T23:59", NIGHT)
    assert verdict == Verdict(True, "inside the window that ends at 2026-10-25T00:00:00Z")
    assert not at("2026-10-25T00:00", NIGHT).open


def test_when_clocks_go_forward_a_window_of_four_hours_lasts_four_hours() -> None:
    # In the night to 2026-03-29 Berlin goes from UTC+1 to UTC+2.
    assert at("2026-03-29T00:59", NIGHT).open
    assert not at("2026-03-29T01:00", NIGHT).open


def test_a_start_that_the_clock_skips_is_read_with_the_offset_before() -> None:
    window = {"start": "02:30", "duration": "1h", "timezone": "Europe/Berlin"}
    assert not at("2026-03-29T01:29", window).open
    assert at("2026-03-29T01:30", window).open


def test_a_start_that_the_clock_repeats_is_the_first() -> None:
    window = {"start": "02:30", "duration": "30m", "timezone": "Europe/Berlin"}
    assert at("2026-10-25T00:30", window).open
    assert not at("2026-10-25T01:30", window).open


def test_a_window_can_be_one_period() -> None:
    window = {"from": "2026-12-01T20:00:00Z", "until": "2026-12-01T23:00:00Z"}
    assert at("2026-12-01T22:00", window).open
    assert at("2026-12-02T00:00", window) == Verdict(False, "outside the window, and none follows")


def test_of_two_windows_either_lets_a_batch_start() -> None:
    windows = [{**NIGHT, "days": ["mon"]}, {"start": "10:00", "duration": "1h30m", "days": ["sun"]}]
    assert at("2026-11-22T11:29", windows).open


def test_a_freeze_closes_an_open_window_and_says_why() -> None:
    freeze = {"from": "2026-12-20", "until": "2027-01-04", "reason": "year end"}
    verdict = at("2026-12-24T21:30", NIGHT, freeze)
    assert verdict == Verdict(False, "frozen until 2027-01-04T00:00:00Z (year end)")


def test_a_freeze_without_an_offset_is_read_in_its_time_zone() -> None:
    freeze = {"from": "2026-12-20", "until": "2026-12-21", "timezone": "Europe/Berlin"}
    assert not at("2026-12-19T23:00", freeze=freeze).open
    assert at("2026-12-20T23:00", freeze=freeze).open


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"start": 79200, "duration": "4h"}, "write it in quotes"),
        ({"start": "22:00", "duration": 4}, "for example '"),
        ({"start": "22:00", "duration": "0h"}, "for example '"),
        ({"start": "22:00", "duration": "8000m 3h"}, "for example '"),
        ({"start": "22:00", "duration": ""}, "for example '"),
        ({**NIGHT, "days": ["someday"]}, "write a list of mon"),
        ({**NIGHT, "timezone": "Mars/Olympus"}, "not known on the controller"),
        ({**NIGHT, "end": "02:00"}, "a window has no end"),
        ({"from": "2026-12-02", "until": "2026-12-01"}, "ends before it begins"),
        ({"from": "tomorrow", "until": "2026-12-01"}, "'tomorrow' is not a time"),
        ("22:00-02:00", "a window is a mapping"),
    ],
)
def test_a_window_that_is_not_understood_is_refused_with_a_hint(window: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_windows(window)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.integers(1, 40),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_closed_window_is_open_at_the_moment_that_it_names(moment: datetime, hours: int, zone: str) -> None:
    windows = parse_windows({"start": "22:00", "duration": f"{hours}h", "days": ["tue"], "timezone": zone})
    verdict = judge(windows, [], moment.replace(tzinfo=timezone.utc))
    named = datetime.strptime(verdict.reason[-20:], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    at_that_moment = judge(windows, [], named)
    assert at_that_moment.open is not verdict.open
    assert judge(windows, [], named - timedelta(seconds=1)).open is verdict.open
