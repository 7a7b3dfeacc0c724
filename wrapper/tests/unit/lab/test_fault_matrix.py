# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix as data: every row makes sense, and every fault of the lab has one."""

from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import CODES, OK
from patchops_lab import faults
from tests.faults.matrix import FORMER, PLANNED, ROWS, TAKING_BACK, UNFINISHED, Expected

# What the mirror does between plan and apply; the conformance suite has it, on every distribution.
ELSEWHERE = {"withdrawn", "rebuilt", "newer"}
SUCCESSES = {code for code, (group, _meaning) in CODES.items() if group == OK}
EXPECTED = [(row.when, row.expected_on(release)) for row in ROWS for release in row.releases()]


@pytest.mark.parametrize(("when", "expected"), EXPECTED)
def test_a_row_expects_known_codes_and_lists_of_packages(when: str, expected: Expected) -> None:
    assert {*expected.codes, *(code for code, _packages in expected.ends)} - {""} <= set(CODES)
    assert expected.packages in (FORMER, PLANNED, UNFINISHED)
    assert {packages for _code, packages in expected.ends} <= {FORMER, PLANNED}


@pytest.mark.parametrize(
    "expected",
    [one for when, one in EXPECTED if when != TAKING_BACK and SUCCESSES & set(one.codes)],
)
def test_no_row_takes_a_success_for_true_without_the_planned_packages(expected: Expected) -> None:
    assert (expected.packages, expected.at_last) == (PLANNED, PLANNED)


def test_every_fault_of_the_lab_has_a_row() -> None:
    assert set(faults.KINDS) - {row.kind for row in ROWS} == ELSEWHERE


def test_no_two_rows_are_the_same() -> None:
    named = [(row.fault, row.when) for row in ROWS]
    assert len(named) == len(set(named))
