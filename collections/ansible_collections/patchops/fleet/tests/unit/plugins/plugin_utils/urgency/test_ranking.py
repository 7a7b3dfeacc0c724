# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.ranking import (
    Position,
    group,
    rank_key,
    why,
)

TODAY = date(2026, 6, 1)
PLAIN = Position(
    state="missing",
    effective="no",
    due=None,
    exploited=False,
    exposed=False,
    criticality="low",
    severity="low",
    epss=None,
    host="web1",
    package="openssl",
    advisory="DSA-1-1",
)
OVERDUE = replace(PLAIN, due=date(2026, 5, 20))


def order(*positions: Position) -> list[Position]:
    return sorted(positions, key=lambda position: rank_key(position, TODAY))


def test_overdue_and_exploited_comes_first_then_overdue_then_exploited_then_due() -> None:
    both = replace(OVERDUE, exploited=True)
    exploited = replace(PLAIN, exploited=True, due=date(2026, 6, 3))
    due = replace(PLAIN, due=date(2026, 6, 2), severity="critical")
    assert order(PLAIN, due, exploited, OVERDUE, both) == [both, OVERDUE, exploited, due, PLAIN]


def test_what_can_not_be_known_comes_before_what_has_no_date() -> None:
    unknown = replace(PLAIN, state="unknown", effective="unknown")
    assert order(PLAIN, unknown) == [unknown, PLAIN]


def test_accepted_and_closed_findings_come_last() -> None:
    waived = replace(OVERDUE, state="waived", exploited=True)
    closed = replace(OVERDUE, state="installed", effective="yes")
    assert order(closed, waived, PLAIN) == [PLAIN, waived, closed]


def test_installed_but_not_in_effect_is_still_open() -> None:
    assert group(replace(OVERDUE, state="installed", effective="no"), TODAY) == "overdue"


def test_the_longest_overdue_comes_first_inside_a_group() -> None:
    older = replace(OVERDUE, due=date(2026, 1, 1))
    assert order(OVERDUE, older) == [older, OVERDUE]


def test_the_rank_says_its_parts() -> None:
    assert why(replace(OVERDUE, exploited=True, exposed=True, epss=0.5), TODAY) == (
        "overdue and exploited, 12 days past 2026-05-20, exposed, criticality low, severity low, EPSS 0.500"
    )


@given(st.permutations([PLAIN, OVERDUE, replace(PLAIN, host="web2"), replace(OVERDUE, advisory="DSA-2-1")]))
def test_the_order_does_not_depend_on_the_order_of_the_input(positions: list[Position]) -> None:
    assert order(*positions) == order(*reversed(positions))
