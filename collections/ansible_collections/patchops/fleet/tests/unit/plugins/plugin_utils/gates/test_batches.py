# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.batches import batch_sizes, parse_serial

steps = st.one_of(st.integers(1, 50), st.integers(1, 100).map("{}%".format))


def test_the_last_step_repeats_until_no_host_is_left() -> None:
    assert batch_sizes(parse_serial([1, "50%"]), 6) == [1, 3, 2]


def test_a_percentage_takes_at_least_one_host() -> None:
    assert batch_sizes(parse_serial("10%"), 3) == [1, 1, 1]


def test_a_count_given_as_text_is_a_count() -> None:
    assert parse_serial("2") == [2]


def test_no_hosts_give_no_batches() -> None:
    assert batch_sizes(parse_serial("100%"), 0) == []


@pytest.mark.parametrize("value", [0, "0", "0%", "101%", "half", -1, None, {}, [], [1, ""], 1.5])
def test_what_is_no_size_of_a_batch_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"write for example|write a count"):
        parse_serial(value)


@given(st.lists(steps, min_size=1, max_size=5), st.integers(0, 500))
def test_batches_hold_every_host_exactly_once(serial: list[int | str], hosts: int) -> None:
    sizes = batch_sizes(serial, hosts)
    assert sum(sizes) == hosts
    assert all(size > 0 for size in sizes)
