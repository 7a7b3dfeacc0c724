# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states

STATES = sorted(state for state in states.TRANSITIONS if state)
HOST_STATES = st.sampled_from([states.FORMER, states.MIXED, states.UNKNOWN])


@pytest.mark.parametrize("state", states.CLOSED)
def test_nothing_follows_a_closed_transaction(state: str) -> None:
    assert states.TRANSITIONS[state] == ()


@pytest.mark.parametrize("state", states.IN_PROGRESS)
def test_whatever_is_in_progress_can_end_as_failed(state: str) -> None:
    states.check(state, states.FAILED, was_applied=False)


def test_a_new_journal_begins_with_staging() -> None:
    states.check(None, states.STAGING, was_applied=False)


def test_a_new_journal_does_not_begin_with_applied() -> None:
    with pytest.raises(states.IllegalTransition, match="nothing can't become applied"):
        states.check(None, states.APPLIED, was_applied=False)


def test_what_was_applied_once_is_not_applied_again() -> None:
    with pytest.raises(states.IllegalTransition, match="applied once already"):
        states.check(states.FAILED, states.APPLYING, was_applied=True)


def test_a_staged_transaction_is_next_applied() -> None:
    assert states.next_step(states.STAGED, None, False, states.APPLIED) == states.APPLYING


def test_a_staged_transaction_has_nothing_to_revert() -> None:
    assert states.next_step(states.STAGED, None, False, states.REVERTED) is None


def test_an_apply_whose_worker_died_goes_on() -> None:
    assert states.next_step(states.APPLYING, None, False, states.APPLIED) == states.APPLYING


def test_an_apply_whose_worker_died_is_taken_back_when_that_is_asked_for() -> None:
    assert states.next_step(states.APPLYING, None, False, states.REVERTED) == states.REVERTING


def test_a_failed_transaction_with_the_former_packages_has_no_next_step() -> None:
    assert states.next_step(states.FAILED, states.FORMER, False, states.APPLIED) is None


def test_a_failed_transaction_with_mixed_packages_can_go_on() -> None:
    assert states.next_step(states.FAILED, states.MIXED, False, states.APPLIED) == states.APPLYING


def test_a_failed_transaction_with_mixed_packages_can_be_taken_back() -> None:
    assert states.next_step(states.FAILED, states.MIXED, True, states.REVERTED) == states.REVERTING


@given(st.sampled_from(STATES), HOST_STATES, st.booleans(), st.sampled_from(states.GOALS))
def test_every_next_step_is_the_present_state_or_a_legal_one(
    state: str, host_state: str, was_applied: bool, goal: str
) -> None:
    # Of an applied transaction the journal can't be back in staging, staged or applying.
    was_applied = was_applied and state not in (states.STAGING, states.STAGED, states.APPLYING)
    step = states.next_step(state, host_state, was_applied, goal)
    assert step in (None, state) or states.check(state, step, was_applied) is None


@given(st.lists(st.sampled_from(STATES), max_size=40))
def test_no_walk_through_the_table_applies_twice(walk: list[str]) -> None:
    state, applied = None, 0
    for following in walk:
        try:
            states.check(state, following, was_applied=applied > 0)
        except states.IllegalTransition:
            continue
        state, applied = following, applied + (following == states.APPLIED)
    assert applied <= 1
