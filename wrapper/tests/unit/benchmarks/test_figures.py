# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, ratios and the table of a benchmark."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Result, Sample, Spread, document, ratio, rows, table

SECONDS = st.floats(min_value=0.001, max_value=10_000)
SAMPLES = {
    "ours": [Sample(2.0, 1.0, 4_000_000), Sample(9.0, 4.0, 4_100_000), Sample(3.0, 1.5, 3_000_000)],
    "theirs": [Sample(4.0, 1.0), Sample(9.0, 2.0), Sample(12.0, 3.0)],
}


def test_a_spread_is_the_least_the_middle_and_the_greatest() -> None:
    assert Spread.of([5.0, 1.0, 2.0]) == Spread(1.0, 2.0, 5.0)


def test_the_middle_of_two_lies_between_them() -> None:
    assert Spread.of([1.0, 2.0]).median == 1.5


@given(st.lists(SECONDS, min_size=1))
def test_the_middle_is_never_outside_of_the_spread(values: list[float]) -> None:
    spread = Spread.of(values)
    assert spread.low <= spread.median <= spread.high


def test_a_row_has_the_spread_of_a_contender_and_its_cpu_time_a_host() -> None:
    ours, theirs = rows(SAMPLES, hosts=2)
    assert (ours.label, theirs.label) == ("ours", "theirs")
    assert ours.wall == Spread(2.0, 3.0, 9.0)
    assert ours.cpu == Spread(1.0, 1.5, 4.0)
    assert (ours.cpu_per_host, ours.megabytes_per_host) == (0.75, 2.0)


def test_a_ratio_compares_what_ran_in_the_same_round() -> None:
    compared = ratio(SAMPLES, "ours", "theirs")
    assert compared.wall == Spread(0.25, 0.5, 1.0)
    assert compared.cpu == Spread(0.5, 1.0, 2.0)


@given(SECONDS, st.lists(SECONDS, min_size=1, max_size=5))
def test_a_round_that_is_slow_for_both_does_not_change_the_ratio(slower: float, walls: list[float]) -> None:
    quiet = {"a": [Sample(wall, wall) for wall in walls], "b": [Sample(1.0, 1.0) for _ in walls]}
    noisy = {
        "a": [Sample(wall * slower, wall) for wall in walls],
        "b": [Sample(slower, 1.0) for _ in walls],
    }
    assert ratio(noisy, "a", "b").wall.median == pytest.approx(ratio(quiet, "a", "b").wall.median)


def test_contenders_that_did_not_run_equally_often_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio({"a": [Sample(1.0, 1.0)], "b": []}, "a", "b")


def test_the_table_shows_conditions_rows_and_ratios_and_no_verdict() -> None:
    assert table(_result()).splitlines() == [
        "a part",
        "2 hosts, 10 forks, runs of each: 3; load of this machine 0.5 before, 1.5 after; median (least-most)",
        "",
        "seconds               wall    controller CPU  CPU a host  ssh MB a host",
        "ours      3.00 (2.00-9.00)  1.50 (1.00-4.00)        0.75           2.00",
        "theirs   9.00 (4.00-12.00)  2.00 (1.00-3.00)        1.00           0.00",
        "",
        "ratios, round by round              wall    controller CPU",
        "ours / theirs           0.50 (0.25-1.00)  1.00 (0.50-2.00)",
    ]


def test_the_result_is_plain_data_for_other_programs() -> None:
    (part,) = json.loads(json.dumps(document([_result()])))["parts"]
    assert part["ratios"][0]["wall"] == {"low": 0.25, "median": 0.5, "high": 1.0}
    assert part["rows"][0]["cpu_per_host"] == 0.75


def _result() -> Result:
    compared = (ratio(SAMPLES, "ours", "theirs"),)
    return Result("a part", 2, 3, 10, (0.5, 1.5), rows(SAMPLES, 2), compared)
