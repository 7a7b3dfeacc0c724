# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the hosts of a ring are cut into batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patchops.policy.model import Amount
from patchops.rollout.batches import plan_batches
from patchops.rollout.counts import added, total
from patchops.rollout.view import Cell
from tests.unit.rollout.world import DEBIAN, ROCKY, percent

SIZES = st.lists(
    st.builds(Amount, st.integers(0, 5)) | st.builds(percent, st.integers(0, 100)), min_size=1, max_size=3
)
CELLS = st.dictionaries(
    st.builds(Cell, st.just("always"), st.sampled_from("abcdef")), st.integers(0, 40), max_size=5
)


@given(CELLS, SIZES)
def test_every_host_is_in_exactly_one_batch(cells: dict[Cell, int], sizes: list[Amount]) -> None:
    assert added(*plan_batches(cells, sizes)) == {cell: n for cell, n in cells.items() if n}


@given(CELLS, SIZES)
def test_each_batch_is_as_large_as_its_size_says_and_the_last_size_repeats(
    cells: dict[Cell, int], sizes: list[Amount]
) -> None:
    batches = plan_batches(cells, sizes)
    for number, batch in enumerate(batches):
        wanted = max(1, sizes[min(number, len(sizes) - 1)].at_most(total(cells)))
        assert total(batch) == wanted or (batch is batches[-1] and total(batch) < wanted)


def test_a_batch_sees_each_platform_that_it_has_room_for() -> None:
    first, _rest = plan_batches({DEBIAN: 98, ROCKY: 2}, [Amount(2), percent(100)])
    assert first == {DEBIAN: 1, ROCKY: 1}


def test_a_batch_holds_platforms_in_their_proportion() -> None:
    first, _rest = plan_batches({DEBIAN: 75, ROCKY: 25}, [Amount(8), percent(100)])
    assert first == {DEBIAN: 6, ROCKY: 2}


def test_no_hosts_are_no_batches() -> None:
    assert plan_batches({}, [Amount(1)]) == ()
