# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.filter.steps import outcome, run_hosts, settled
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result

APPLIED = make_result("applied", "", changed=True, transaction={"id": "t1", "state": "applied"})
UNIT_FAILED = make_result("verification_failed", "")
WELL: dict[str, Any] = {"patchops_deploy_started": APPLIED}
BROKEN: dict[str, Any] = {"patchops_deploy_started": APPLIED, "patchops_verify_result": UNIT_FAILED}


class HostVars(dict[str, dict[str, Any]]):
    """Stands for hostvars: the variables of every host, and the plan on localhost."""

    def __init__(self, undrain: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> None:
        hooks = {"patchops_hook_undrain": undrain or {}}
        super().__init__(localhost={"patchops_plan": {"hooks": hooks}}, **hosts)

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


def test_a_batch_of_hosts_that_are_well_is_settled() -> None:
    assert settled(["a", "b"], HostVars(a=WELL, b=WELL, c=BROKEN))


def test_a_host_that_is_to_be_taken_back_keeps_its_batch_open() -> None:
    assert not settled(["a", "b"], HostVars(a=WELL, b=BROKEN))


def test_a_host_that_is_to_be_put_back_into_service_keeps_its_batch_open() -> None:
    assert not settled(["a", "b"], HostVars({"a": "balancer"}, a=WELL, b=WELL))


def test_a_hook_that_appears_after_the_plan_is_none() -> None:
    assert settled(["a"], HostVars(a={**WELL, "patchops_hook_undrain": "/tmp/tasks.yml"}))


def test_a_refused_host_is_in_no_play() -> None:
    plan = {"targets": ["a", "b"], "act_on": ["b"], "refused": ["a"]}
    assert run_hosts(plan, "targets") == ["b"]
    assert run_hosts({"targets": ["a"], "refused": ["a"]}, "targets") == "!all"


def test_nothing_is_applied_on_a_host_whose_facts_pose_as_our_variables() -> None:
    staged = make_result("staged", "", transaction={"id": "t1", "state": "staged"})
    variables = {"inventory_hostname": "web1", "patchops_deploy_staged": staged}
    assert outcome(variables)["to_apply"]
    lying = outcome({**variables, "ansible_facts": {"patchops_hook_drain": "/tmp/tasks.yml"}})
    assert (lying["class"], lying["code"], lying["to_apply"]) == ("refused", "facts_refused", False)
    assert "web1: its facts set variables of PatchOps (patchops_hook_drain)" in lying["message"]


def test_a_host_that_was_changed_before_its_facts_appeared_is_unknown_and_counted() -> None:
    lying = outcome({**WELL, "inventory_hostname": "web1", "ansible_facts": {"patchops_verify_result": {}}})
    assert (lying["class"], lying["touched"], lying["lost"]) == ("unknown", True, True)
