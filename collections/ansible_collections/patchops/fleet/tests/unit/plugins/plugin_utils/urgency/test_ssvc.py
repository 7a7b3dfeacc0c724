# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BOD 26-04's table: it is the published one, and it is monotone."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency import ssvc


def test_the_table_answers_all_sixteen_combinations() -> None:
    assert set(ssvc.table()) == set(itertools.product((False, True), repeat=4))
    assert sorted(row.number for row in ssvc.table().values()) == list(range(16))


def test_the_worst_row_is_three_days_with_a_forensic_investigation() -> None:
    row = ssvc.table()[(True, True, True, True)]
    assert (str(row.span), row.forensic, row.timeline) == ("3 days", True, "3 days & forensic investigation")


def test_the_mildest_row_has_no_calendar_date() -> None:
    assert ssvc.table()[(False, False, False, False)].span is None


@pytest.mark.parametrize("point", range(4))
@pytest.mark.parametrize("others", list(itertools.product((False, True), repeat=3)))
def test_a_further_point_never_gives_more_time(point: int, others: tuple[bool, ...]) -> None:
    without = ssvc.table()[(*others[:point], False, *others[point:])]  # type: ignore[index]
    with_it = ssvc.table()[(*others[:point], True, *others[point:])]  # type: ignore[index]
    assert (with_it.span.count if with_it.span else 10_000) <= (
        without.span.count if without.span else 10_000
    )


@pytest.mark.shared
def test_the_table_equals_the_one_that_cert_cc_publishes(shared_data: Path) -> None:
    with (shared_data / "ssvc" / "cisa_bod_26_04_1_0_0.csv").open(encoding="utf-8", newline="") as lines:
        published = [tuple(row.values()) for row in csv.DictReader(lines)]
    ours = [
        (
            str(row.number),
            *("yes" if point else "no" for point in points[:3]),
            "total" if points[3] else "partial",
            row.timeline,
        )
        for points, row in sorted(ssvc.table().items(), key=lambda item: item[1].number)
    ]
    assert ours == published
