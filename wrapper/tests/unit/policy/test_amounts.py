# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchops.policy.amounts import parse_amount
from patchops.policy.model import Amount

SHARES = st.integers(0, 100).map(lambda share: Amount(share, percent=True))
AMOUNTS = SHARES | st.integers(0, 1000).map(Amount)
MEMBERSHIPS = st.integers(0, 100_000)


@given(AMOUNTS)
def test_an_amount_is_read_as_it_is_written(amount: Amount) -> None:
    assert parse_amount(str(amount) if amount.percent else amount.value) == amount


@given(SHARES, MEMBERSHIPS)
def test_at_most_is_the_largest_number_that_is_not_above_the_share(share: Amount, membership: int) -> None:
    most = share.at_most(membership)
    assert most * 100 <= membership * share.value < (most + 1) * 100


@given(SHARES, MEMBERSHIPS)
def test_at_least_is_the_smallest_number_that_is_not_below_the_share(share: Amount, membership: int) -> None:
    least = share.at_least(membership)
    assert (least - 1) * 100 < membership * share.value <= least * 100


@given(AMOUNTS, MEMBERSHIPS)
def test_at_least_never_asks_for_more_hosts_than_there_are(amount: Amount, membership: int) -> None:
    assert 0 <= amount.at_least(membership) <= membership


@pytest.mark.parametrize(
    "value", [True, -1, 1_000_001, 2.5, "2", "101%", "2.5%", "%", "5 %", "5%\n", None, [], "٣%"]
)
def test_what_is_no_amount_is_refused_with_the_form(value: object) -> None:
    with pytest.raises(
        ValueError, match="is no number of hosts; write for example 2, or a whole share as '10%'"
    ):
        parse_amount(value)
