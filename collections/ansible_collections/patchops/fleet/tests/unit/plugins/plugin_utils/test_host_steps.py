# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import (
    confirmation,
    host_outcome,
    host_packages,
    is_left_unproven,
    plan,
    step_results,
    to_apply,
    way_back,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.step_results import STEP_RESULTS

CHANGES = [{"name": "openssl", "arch": "amd64", "action": "upgrade", "from": "1", "to": "2"}]


def step(code: str, message: str = "", **more: Any) -> dict[str, Any]:
    return make_result(code, message, **more)


def moved(code: str, state: str, **more: Any) -> dict[str, Any]:
    return step(
        code, changed=True, transaction={"id": "t1", "state": state}, plan={"packages": CHANGES}, **more
    )


DISCOVERED = step("collected")
STAGED = moved("staged", "staged")
STARTED = moved("started", "applying")
APPLIED = moved("applied", "applied")
SETTLED = step("reboot_not_needed")
BROKEN = step("verification_failed", "web.service failed.", proven_before=False)
TAKEN_BACK = moved("taken_back", "reverted")
VERIFIED = step("verified", proven_before=False)


def test_skipped_steps_do_not_count() -> None:
    variables = {
        STEP_RESULTS["discover"].variable: DISCOVERED,
        STEP_RESULTS["stage"].variable: {"skipped": True, "changed": False},
        "ansible_host": "web1",
    }
    assert list(step_results(variables)) == ["discover"]


@pytest.mark.parametrize(
    ("results", "left"),
    [
        ({"stage": moved("staged", "staged")}, True),
        ({"stage": moved("staged", "staged"), "verify": step("verified")}, False),
        ({"stage": moved("committed", "committed")}, False),
        ({"stage": moved("staged", "staged"), "start": step("connection_lost")}, False),
        ({"reboot": step("reboot_not_needed")}, False),
    ],
)
def test_a_run_lets_go_of_what_it_owns_and_has_not_proven(results: dict[str, Any], left: bool) -> None:
    assert is_left_unproven(results, taken_over=False) is left


def test_a_run_that_only_rebooted_what_it_took_over_lets_go_of_it() -> None:
    """A reboot sees no transaction, and a verification without one proves none."""
    rebooted = {"reboot": step("reboot_not_needed"), "verify": step("verified")}
    assert is_left_unproven(rebooted, taken_over=True)
    assert not is_left_unproven({"reboot": step("connection_lost")}, taken_over=True)


def test_a_host_without_results_was_not_started() -> None:
    outcome = host_outcome({})
    assert (outcome["class"], outcome["touched"], outcome["lost"]) == ("not_started", False, False)


def test_staging_touches_no_host() -> None:
    outcome = host_outcome({"discover": DISCOVERED, "stage": STAGED})
    assert (outcome["class"], outcome["touched"]) == ("ok", False)


def test_a_refusal_is_neither_touched_nor_lost() -> None:
    outcome = host_outcome({"discover": DISCOVERED, "stage": step("no_space")})
    assert (outcome["class"], outcome["touched"], outcome["lost"]) == ("refused", False, False)


def test_a_worker_that_finds_a_reason_against_it_touches_nothing() -> None:
    void = step("plan_changed", transaction={"id": "t1", "state": "failed"}, host_state="former")
    results = {"stage": STAGED, "start": STARTED, "apply": void}
    outcome = host_outcome(results)
    assert (outcome["class"], outcome["touched"], outcome["lost"]) == ("refused", False, False)


def test_a_host_that_was_unreachable_before_is_lost() -> None:
    outcome = host_outcome({"discover": step("connection_timeout")})
    assert (outcome["touched"], outcome["lost"]) == (False, True)


def test_a_host_that_comes_and_goes_is_not_lost_before_it_was_touched() -> None:
    assert not host_outcome({"discover": step("connection_timeout")}, intermittent=True)["lost"]


def test_a_host_that_comes_and_goes_is_lost_once_it_was_touched() -> None:
    results = {"stage": STAGED, "start": STARTED, "apply": step("connection_lost")}
    assert host_outcome(results, intermittent=True)["lost"]


@pytest.mark.parametrize(
    "code", ["install_failed", "outcome_unknown", "connection_lost", "install_taken_back"]
)
def test_a_host_that_was_touched_and_is_not_well_is_lost(code: str) -> None:
    outcome = host_outcome({"stage": STAGED, "start": STARTED, "apply": step(code)})
    assert (outcome["touched"], outcome["lost"]) == (True, True)


def test_a_host_that_got_out_of_sight_after_it_was_touched_is_unknown() -> None:
    outcome = host_outcome(
        {"stage": STAGED, "apply": APPLIED, "verify": step("connection_timeout", "No answer.")}
    )
    assert outcome["code"] == "outcome_unknown"
    assert outcome["message"] == "No answer. It was changed in this run; what became of it is not known."


def test_a_host_that_another_claims_to_be_is_refused_before_it_is_changed() -> None:
    gate = {"outcome": step("gate_open")["outcome"], "same_machine": {"evil": ["web1"]}}
    variables = {"patchops_deploy_staged": STAGED, "patchops_gate_result": gate}
    evil = step_results({"inventory_hostname": "evil", **variables})
    assert host_outcome(evil)["code"] == "same_machine"
    assert "evil: it says that it is the same running machine as web1" in host_outcome(evil)["message"]
    assert (host_outcome(evil)["lost"], to_apply(evil)) == (False, False)
    web1 = step_results({"inventory_hostname": "web1", **variables})
    assert (host_outcome(web1)["class"], to_apply(web1)) == ("ok", True)


def test_a_failed_verification_is_to_be_reverted() -> None:
    results = {"stage": STAGED, "start": STARTED, "apply": APPLIED, "reboot": SETTLED, "verify": BROKEN}
    assert host_outcome(results)["revertible"]


@pytest.mark.parametrize("code", ["reboot_failed", "reboot_faked", "connection_lost"])
def test_a_host_that_did_not_come_back_is_not_reverted_from_afar(code: str) -> None:
    results = {"stage": STAGED, "start": STARTED, "apply": APPLIED, "reboot": step(code)}
    assert not host_outcome(results)["revertible"]


def test_what_an_earlier_call_took_back_is_lost_and_never_clean() -> None:
    outcome = host_outcome({"discover": DISCOVERED, "stage": moved("still_blocked", "reverted")})
    assert (outcome["class"], outcome["lost"], outcome["revertible"]) == ("reverted", True, True)


def test_a_host_that_was_taken_back_says_why() -> None:
    outcome = host_outcome(
        {
            "stage": STAGED,
            "apply": APPLIED,
            "verify": BROKEN,
            "revert": TAKEN_BACK,
            "reboot_back": SETTLED,
            "verify_back": VERIFIED,
        }
    )
    assert (outcome["class"], outcome["code"], outcome["lost"]) == ("reverted", "rolled_back", True)
    assert outcome["message"].startswith("web.service failed. The update was taken back")
    assert not outcome["revertible"]


def test_a_host_that_is_broken_after_the_way_back_too_is_failed() -> None:
    outcome = host_outcome({"apply": APPLIED, "verify": BROKEN, "revert": TAKEN_BACK, "verify_back": BROKEN})
    assert outcome["class"] == "failed"
    assert "The update was taken back, but:" in outcome["message"]


def test_a_way_back_that_fails_is_the_outcome() -> None:
    outcome = host_outcome({"apply": APPLIED, "verify": BROKEN, "revert": step("revert_failed", "dpkg.")})
    assert (outcome["class"], outcome["code"]) == ("failed", "revert_failed")
    assert "Taking it back did not succeed: dpkg." in outcome["message"]


LEFT_KERNEL = step("rebooted", changed=True)


def test_a_boot_of_the_former_kernel_on_the_way_back_is_no_outcome_of_its_own() -> None:
    back = {"revert": TAKEN_BACK, "leave_kernel": LEFT_KERNEL}
    assert host_outcome({"apply": APPLIED, "verify": BROKEN, **back})["code"] == "rolled_back"


def test_what_went_wrong_after_the_former_kernel_was_booted_counts() -> None:
    results = {"revert": step("external_change", "web was changed."), "leave_kernel": LEFT_KERNEL}
    assert host_outcome(results)["code"] == "external_change"


def test_a_host_that_does_not_boot_its_former_kernel_is_lost() -> None:
    back = {"revert": step("kernel_runs"), "leave_kernel": step("reboot_failed", "It did not come back.")}
    outcome = host_outcome({"apply": APPLIED, "verify": BROKEN, **back})
    assert (outcome["code"], outcome["lost"]) == ("reboot_failed", True)


def test_a_host_that_is_not_fit_for_a_reboot_alone_was_not_touched() -> None:
    outcome = host_outcome({"reboot": step("boot_check_failed")})
    assert (outcome["class"], outcome["touched"], outcome["lost"]) == ("failed", False, False)


def test_updates_that_could_not_be_booted_are_to_be_reverted() -> None:
    assert host_outcome({"apply": APPLIED, "reboot": step("boot_check_failed")})["revertible"]


def test_a_rollback_that_was_asked_for_is_no_loss() -> None:
    outcome = host_outcome({"revert": TAKEN_BACK, "reboot_back": SETTLED, "verify_back": VERIFIED})
    assert (outcome["class"], outcome["code"], outcome["lost"]) == ("ok", "taken_back", False)


def test_a_transaction_that_a_killed_run_left_is_this_runs_to_answer_for() -> None:
    left = step("nothing_to_do", transaction={"id": "t1", "state": "applied"})
    outcome = host_outcome({"discover": DISCOVERED, "stage": left, "verify": BROKEN})
    assert (outcome["touched"], outcome["lost"], outcome["revertible"]) == (True, True, True)


def test_a_transaction_that_was_proven_before_is_not_blamed_for_later_trouble() -> None:
    left = step("nothing_to_do", transaction={"id": "t1", "state": "applied"})
    later = step("verification_failed", proven_before=True)
    outcome = host_outcome({"discover": DISCOVERED, "stage": left, "verify": later})
    assert (outcome["touched"], outcome["lost"], outcome["revertible"]) == (False, False, False)


def test_a_way_back_that_an_earlier_run_began_is_told_as_one() -> None:
    outcome = host_outcome({"discover": DISCOVERED, "stage": TAKEN_BACK, "verify": VERIFIED})
    assert (outcome["class"], outcome["code"]) == ("reverted", "rolled_back")


def test_a_transaction_of_the_past_says_nothing_of_the_host_today() -> None:
    found = moved("install_taken_back", "failed", host_state="former")
    assert host_outcome({"find": found, "verify": VERIFIED})["class"] == "ok"


def test_after_applying_the_host_must_have_the_new_versions() -> None:
    assert host_packages({"stage": STAGED, "apply": APPLIED}) == [
        {"name": "openssl", "arch": "amd64", "version": "2"}
    ]


def test_after_the_way_back_it_must_have_the_former_ones() -> None:
    assert host_packages({"stage": STAGED, "apply": APPLIED, "revert": TAKEN_BACK}) == [
        {"name": "openssl", "arch": "amd64", "version": "1"}
    ]


def test_of_a_staged_transaction_nothing_is_expected() -> None:
    assert host_packages({"stage": STAGED}) == []


def test_the_empty_plan_of_a_verification_does_not_hide_what_was_blocked() -> None:
    blocked = [{"name": "a", "version": "2", "transaction": "t"}]
    results = {
        "stage": make_result("nothing_to_do", "", plan={"packages": [], "held": [], "blocked": blocked}),
        "verify": make_result("verified", "", plan={}),
    }

    assert plan(results)["blocked"] == blocked


def test_an_empty_new_plan_does_not_hide_the_plan_that_was_applied() -> None:
    empty = step("nothing_to_do", plan={"packages": [], "held": []})
    assert (
        plan({"stage": empty, "verify": step("verified", plan={"packages": CHANGES})})["packages"] == CHANGES
    )


def test_only_a_staged_transaction_is_applied() -> None:
    assert to_apply({"stage": STAGED})
    assert not to_apply({"stage": step("no_space")})
    assert not to_apply({"stage": step("nothing_to_do", transaction={"id": "t1", "state": "applied"})})


def test_a_hook_that_failed_keeps_the_transaction_from_being_applied() -> None:
    assert not to_apply({"stage": STAGED, "unexpected": step("hook_failed")})


def test_what_packages_took_back_for_the_most_part_counts_as_taken_back_and_names_the_rest() -> None:
    partly = moved("taken_back_partly", "reverted", message="2 packages back. They stay: apt 2.")
    results = {"stage": STAGED, "apply": APPLIED, "verify": BROKEN, "revert": partly, "verify_back": VERIFIED}
    outcome = host_outcome(results)
    assert (outcome["class"], outcome["code"], outcome["lost"]) == ("reverted", "rolled_back_partly", True)
    assert "They stay: apt 2." in outcome["message"]


@pytest.mark.parametrize(
    ("refusal", "code"), [("forward_only", "forward_only_failed"), ("external_change", "verification_failed")]
)
def test_a_broken_host_that_is_not_taken_back_stays_failed_and_lost(refusal: str, code: str) -> None:
    refused = step(refusal, "apt can't go back.")
    outcome = host_outcome({"stage": STAGED, "apply": APPLIED, "verify": BROKEN, "revert": refused})
    assert (outcome["class"], outcome["code"], outcome["lost"]) == ("failed", code, True)
    assert outcome["message"] == "web.service failed. It was not taken back: apt can't go back."


def test_an_update_without_a_way_back_that_failed_is_not_taken_back_by_the_play() -> None:
    halted = moved("forward_only_failed", "failed", host_state="mixed")
    outcome = host_outcome({"stage": STAGED, "start": STARTED, "apply": halted})
    assert (outcome["class"], outcome["lost"], outcome["revertible"]) == ("failed", True, False)


def test_the_latest_step_tells_what_packages_take_back() -> None:
    found = {"revertible": 1, "snapshot_only": [], "forward_only": [{"name": "apt", "reason": "r"}]}
    assert way_back({"discover": DISCOVERED, "stage": step("snapshot_missing", way_back=found)}) == found
    assert way_back({"discover": DISCOVERED}) is None


def test_after_the_way_back_nothing_is_expected_of_what_stays() -> None:
    changes = [dict(CHANGES[0], way_back="revertible"), dict(CHANGES[0], name="apt", way_back="forward_only")]
    partly = step(
        "taken_back_partly", transaction={"id": "t1", "state": "reverted"}, plan={"packages": changes}
    )
    assert host_packages({"revert": partly}) == [{"name": "openssl", "arch": "amd64", "version": "1"}]


WAITED = {"needed": True, "by": ["openssl"], "stays": [], "within": 900, "reason": None}
WENT_BACK = moved("not_confirmed", "reverted", confirm={**WAITED, "state": "unconfirmed"})


def test_a_host_that_went_back_by_itself_is_lost_and_says_why_also_after_the_rollback() -> None:
    results = {"stage": STAGED, "start": STARTED, "apply": WENT_BACK}
    outcome = host_outcome(results)
    assert (outcome["code"], outcome["lost"], outcome["revertible"]) == ("not_confirmed", True, True)
    back = {**results, "revert": TAKEN_BACK, "reboot_back": SETTLED, "verify_back": VERIFIED}
    assert host_outcome(back)["code"] == "not_confirmed"


def test_what_became_of_a_confirmation_is_told_over_what_a_rollback_knows() -> None:
    back = moved("taken_back", "reverted", confirm={**WAITED, "state": "released"})
    told = confirmation({"stage": STAGED, "apply": WENT_BACK, "revert": back})
    assert told == {**WAITED, "state": "unconfirmed"}


def test_in_check_mode_the_plan_tells_whether_somebody_has_to_log_in_anew() -> None:
    planned = step("planned", plan={"packages": CHANGES, "confirm": WAITED})
    assert confirmation({"stage": planned}) == WAITED
    assert confirmation({"discover": DISCOVERED}) is None
