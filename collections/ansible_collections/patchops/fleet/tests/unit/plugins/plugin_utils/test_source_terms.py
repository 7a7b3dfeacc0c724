# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.source_terms import (
    parse_frozen,
    parse_keys,
    parse_max_age,
)


def test_one_number_of_days_is_for_all_addresses() -> None:
    assert parse_max_age("30") == {"max_age": 30, "max_age_elsewhere": 30}
    assert parse_max_age({"other": 90}) == {"max_age_elsewhere": 90}


@pytest.mark.parametrize("value", [0, -1, True, "soon", {"mirror": 3}, {"other": "x"}, 1e9, [14]])
def test_days_that_are_none_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="days"):
        parse_max_age(value)


@pytest.mark.parametrize("until", [date(2027, 1, 31), "2027-01-31", "2027-01-31T10:00:00Z"])
def test_a_freeze_has_an_end_and_a_reason(until: Any) -> None:
    assert parse_frozen({"until": until, "reason": " view 12 "}) == {
        "frozen_until": "2027-01-31",
        "frozen_reason": "view 12",
        "frozen_repositories": ["*"],
    }


@pytest.mark.parametrize(
    "value",
    [
        "2027-01-31",
        {"until": "2027-01-31"},
        {"until": "never", "reason": "x"},
        {"until": "2027-01-31", "reason": " "},
        {"until": "2027-01-31", "reason": "x" * 301},
        {"until": "2027-01-31", "reason": "x", "repos": []},
        {"until": "2027-01-31", "reason": "x", "repositories": "base"},
    ],
)
def test_a_freeze_without_an_end_or_a_reason_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"until|reason|repositories"):
        parse_frozen(value)


def test_only_whole_fingerprints_name_a_key() -> None:
    assert parse_keys(["a" * 40, "AAAA " * 10]) == {"keys": ["A" * 40, "A" * 40]}
    with pytest.raises(ValueError, match="fingerprint"):
        parse_keys(["DEADBEEF"])
