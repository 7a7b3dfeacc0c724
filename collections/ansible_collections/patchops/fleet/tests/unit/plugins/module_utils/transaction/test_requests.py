# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import requests

ALL = requests.make_request({"select": "all"}, False, "required", 1)
SECURITY = requests.make_request({"select": "security"}, False, "required", 1)


def known(state: str, **changes: Any) -> requests.Known:
    one = requests.Known("t1", ALL["digest"], 1, state, None, False, None, False)
    return one._replace(**changes)


def decide(wanted: str, *transactions: requests.Known, **more: Any) -> requests.Decision:
    arguments = {"given_id": None, "request": ALL, **more}
    return requests.decide(wanted, known=list(transactions), **arguments)


def test_the_order_of_packages_does_not_change_the_digest() -> None:
    one = requests.make_request({"packages": ["b", "a"]}, False, "required", 1)
    other = requests.make_request({"packages": ["a", "b", "a"]}, False, "required", 1)
    assert one["digest"] == other["digest"]


def test_the_way_back_is_part_of_the_digest() -> None:
    other = requests.make_request({"select": "all"}, False, "best_effort", 1)
    assert other["digest"] != ALL["digest"]


def test_the_generation_is_not_part_of_the_digest() -> None:
    assert requests.make_request({"select": "all"}, False, "required", 2)["digest"] == ALL["digest"]


def test_two_calls_at_once_get_the_same_id() -> None:
    assert requests.transaction_id("m", ALL, 3) == requests.transaction_id("m", dict(ALL), 3)


def test_a_host_without_transactions_gets_a_new_one() -> None:
    assert decide(states.APPLIED).action == requests.CREATE


def test_a_staged_transaction_with_the_same_content_goes_on() -> None:
    assert decide(states.APPLIED, known(states.STAGED)) == (requests.LAUNCH, ["t1"], "", "", "")


def test_what_is_staged_already_is_returned() -> None:
    assert decide(states.STAGED, known(states.STAGED)).action == requests.RETURN


def test_a_call_attaches_to_a_worker_with_the_same_goal() -> None:
    one = known(states.APPLYING, goal=states.APPLIED, alive=True)
    assert decide(states.APPLIED, one).action == requests.ATTACH


def test_a_call_for_more_than_the_worker_was_asked_starts_one_that_waits() -> None:
    one = known(states.STAGING, goal=states.STAGED, alive=True)
    assert decide(states.APPLIED, one).action == requests.LAUNCH


@pytest.mark.parametrize("state", [states.STAGING, states.APPLYING])
def test_a_dead_worker_is_replaced(state: str) -> None:
    one = known(state, goal=states.APPLIED, alive=False)
    assert decide(states.APPLIED, one).action == requests.LAUNCH


def test_after_an_applied_one_a_new_plan_is_made() -> None:
    assert decide(states.APPLIED, known(states.APPLIED, was_applied=True)).action == requests.CREATE


def test_an_applied_one_that_is_named_is_returned() -> None:
    one = known(states.APPLIED, was_applied=True)
    assert decide(states.APPLIED, one, given_id="t1").action == requests.RETURN


def test_a_failed_one_with_the_former_packages_is_tried_anew() -> None:
    assert decide(states.APPLIED, known(states.FAILED, host_state=states.FORMER)).action == requests.CREATE


def test_a_failed_one_with_mixed_packages_goes_on() -> None:
    assert decide(states.APPLIED, known(states.FAILED, host_state=states.MIXED)).action == requests.LAUNCH


def test_other_content_that_is_staged_is_in_the_way() -> None:
    decision = decide(states.STAGED, known(states.STAGED), request=SECURITY)
    assert (decision.action, decision.code, decision.ids) == (requests.REFUSE, "transaction_live", ["t1"])


def test_other_content_that_is_staged_gives_way_when_told_to() -> None:
    decision = decide(states.STAGED, known(states.STAGED), request=SECURITY, supersede_staged=True)
    assert (decision.action, decision.ids) == (requests.CREATE, ["t1"])


def test_other_content_that_is_under_way_never_gives_way() -> None:
    one = known(states.APPLYING, goal=states.APPLIED, alive=True)
    decision = decide(states.APPLIED, one, request=SECURITY, supersede_staged=True)
    assert decision.code == "transaction_live"


def test_the_same_id_with_other_content_is_refused() -> None:
    decision = decide(states.APPLIED, known(states.APPLIED), given_id="t1", request=SECURITY)
    assert decision.code == "transaction_state"


def test_a_call_without_id_and_selection_is_refused() -> None:
    assert decide(states.APPLIED, request=None).code == "bad_arguments"


def test_an_id_that_nobody_knows_needs_a_selection() -> None:
    assert decide(states.APPLIED, given_id="t9", request=None).code == "transaction_unknown"


def test_an_id_alone_is_enough_for_a_transaction_that_exists() -> None:
    decision = decide(states.APPLIED, known(states.STAGED), given_id="t1", request=None)
    assert decision.action == requests.LAUNCH


def test_a_higher_generation_starts_anew_after_the_end() -> None:
    later = requests.make_request({"select": "all"}, False, "required", 2)
    decision = decide(states.STAGED, known(states.DISCARDED), request=later)
    assert decision.action == requests.CREATE


def test_a_higher_generation_attaches_to_what_is_under_way() -> None:
    later = requests.make_request({"select": "all"}, False, "required", 2)
    one = known(states.APPLYING, goal=states.APPLIED, alive=True)
    assert decide(states.APPLIED, one, request=later).action == requests.ATTACH


def test_the_newest_applied_one_is_reverted() -> None:
    transactions = [known(states.APPLIED, was_applied=True), known(states.APPLIED, id="t2", was_applied=True)]
    assert decide(states.REVERTED, *transactions).ids == ["t2"]


def test_an_older_one_is_not_reverted_under_a_newer_one() -> None:
    transactions = [known(states.APPLIED, was_applied=True), known(states.APPLIED, id="t2", was_applied=True)]
    decision = decide(states.REVERTED, *transactions, given_id="t1")
    assert (decision.code, decision.ids) == ("newer_transaction", ["t2"])


def test_an_older_one_is_reverted_once_the_newer_one_is() -> None:
    transactions = [
        known(states.APPLIED, was_applied=True),
        known(states.REVERTED, id="t2", was_applied=True),
    ]
    assert decide(states.REVERTED, *transactions, given_id="t1").action == requests.LAUNCH


def test_reverting_twice_is_reverting_once() -> None:
    one = known(states.REVERTED, was_applied=True)
    assert decide(states.REVERTED, one) == (requests.RETURN, ["t1"], "", "", "")


def test_reverting_where_nothing_was_changed_is_done_already() -> None:
    assert decide(states.REVERTED).code == "nothing_to_do"


def test_a_committed_one_can_not_be_reverted() -> None:
    decision = decide(states.REVERTED, known(states.COMMITTED, was_applied=True), given_id="t1")
    assert decision.code == "transaction_state"


def test_an_apply_whose_worker_died_is_taken_back_on_demand() -> None:
    one = known(states.APPLYING, goal=states.APPLIED, alive=False)
    assert decide(states.REVERTED, one).action == requests.LAUNCH


def test_committing_without_an_id_is_about_all_that_is_kept() -> None:
    transactions = [known(states.APPLIED), known(states.COMMITTED, id="t2"), known(states.STAGED, id="t3")]
    assert decide(states.COMMITTED, *transactions).ids == ["t1", "t3"]


def test_what_is_under_way_is_not_committed() -> None:
    one = known(states.APPLYING, goal=states.APPLIED, alive=True)
    assert decide(states.COMMITTED, one).code == "transaction_live"


def test_committing_twice_is_committing_once() -> None:
    assert decide(states.COMMITTED, known(states.COMMITTED)).code == "nothing_to_do"


ANY_STATE = st.sampled_from(sorted(state for state in states.TRANSITIONS if state))
ANY_KNOWN = st.builds(
    known,
    ANY_STATE,
    host_state=st.sampled_from([None, states.FORMER, states.MIXED]),
    goal=st.sampled_from([None, *states.GOALS]),
    alive=st.booleans(),
    was_applied=st.booleans(),
)


@given(ANY_KNOWN, st.sampled_from([states.STAGED, states.APPLIED]))
def test_nothing_new_is_started_beside_other_content_that_is_live(one: requests.Known, wanted: str) -> None:
    decision = decide(wanted, one, request=SECURITY)
    live = states.is_live(one.state, one.host_state)
    assert (decision.action == requests.REFUSE) == live


@given(st.lists(ANY_KNOWN, max_size=4), st.sampled_from([*states.GOALS, states.COMMITTED]), st.booleans())
def test_every_refusal_says_why_and_what_to_do(
    transactions: list[requests.Known], wanted: str, supersede: bool
) -> None:
    decision = decide(wanted, *transactions, supersede_staged=supersede)
    assert decision.action != requests.REFUSE or (decision.code and decision.message and decision.remedy)


def test_a_block_keeps_away_only_what_is_asked_for() -> None:
    blocked = [{"name": "web", "version": "2", "transaction": "t1"}]
    everything = requests.make_request({"select": "all"}, False, "required", 1)
    named = requests.make_request({"packages": ["web=2"]}, False, "required", 1)
    other = requests.make_request({"packages": ["db"]}, False, "required", 1)
    assert requests.kept_away(everything, blocked) == requests.kept_away(named, blocked) == blocked
    assert requests.kept_away(other, blocked) == []
