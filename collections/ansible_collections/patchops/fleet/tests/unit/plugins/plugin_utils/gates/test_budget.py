# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import Budget, allowed, parse_budget


def test_a_percentage_is_rounded_down() -> None:
    assert allowed(parse_budget("10%"), 19) == 1
    assert allowed(parse_budget("10%"), 9) == 0


def test_a_count_is_taken_as_it_is() -> None:
    assert allowed(parse_budget("2"), 100) == 2


def test_as_many_lost_hosts_as_allowed_do_not_exceed_the_budget() -> None:
    assert not Budget(maximum=1, membership=6, lost=1).exceeded


def test_one_lost_host_more_exceeds_it() -> None:
    assert Budget(maximum=1, membership=6, lost=2).exceeded


def test_a_budget_of_none_is_exceeded_by_the_first_lost_host() -> None:
    assert Budget(maximum=0, membership=1, lost=1).exceeded


@pytest.mark.parametrize("value", ["-1", "101%", "some", None, 0.5, [1]])
def test_what_is_no_budget_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no failure budget"):
        parse_budget(value)


@given(st.integers(0, 100), st.integers(0, 100_000))
def test_a_percentage_never_allows_more_than_its_share(percent: int, membership: int) -> None:
    maximum = allowed(parse_budget(f"{percent}%"), membership)
    assert maximum * 100 <= percent * membership < (maximum + 1) * 100
