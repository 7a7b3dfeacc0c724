# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import (
    CLASSES,
    CODES,
    is_failure,
    make_outcome,
    make_result,
)


def test_every_code_belongs_to_a_class_and_says_what_it_means() -> None:
    assert {outcome_class for outcome_class, meaning in CODES.values()} <= set(CLASSES)
    assert all(meaning.endswith(".") for outcome_class, meaning in CODES.values())


def test_an_outcome_carries_the_class_of_its_code() -> None:
    assert make_outcome("no_space", "/boot is full", "Remove old kernels.") == {
        "class": "refused",
        "code": "no_space",
        "message": "/boot is full",
        "remedy": "Remove old kernels.",
    }


def test_a_code_that_is_not_on_the_list_is_a_defect() -> None:
    with pytest.raises(KeyError):
        make_outcome("invented", "")


@pytest.mark.parametrize("code", ["applied", "nothing_to_do", "skipped"])
def test_what_is_done_or_left_out_on_purpose_is_no_failure(code: str) -> None:
    assert not is_failure(make_outcome(code, ""))


@pytest.mark.parametrize("code", ["no_space", "install_failed", "rolled_back", "unreachable", "not_started"])
def test_everything_else_is_a_failure(code: str) -> None:
    assert is_failure(make_outcome(code, ""))


def test_a_failed_result_tells_message_and_remedy_as_ansible_shows_them() -> None:
    result = make_result("no_space", "/boot is full.", "Remove old kernels.", plan={})
    assert result["failed"] is True
    assert result["msg"] == "/boot is full. Remove old kernels."
    assert result["summary"] == "/boot is full."
    assert result["plan"] == {}


def test_a_good_result_has_no_message_for_errors() -> None:
    result = make_result("applied", "3 packages upgraded", changed=True)
    assert (result["failed"], result["changed"], "msg" in result) == (False, True, False)
