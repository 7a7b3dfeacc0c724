# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.filter.steps import settled
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result

APPLIED = make_result("applied", "", changed=True, transaction={"id": "t1", "state": "applied"})
UNIT_FAILED = make_result("verification_failed", "")
WELL: dict[str, Any] = {"__patchops_deploy_started": APPLIED}
BROKEN: dict[str, Any] = {"__patchops_deploy_started": APPLIED, "__patchops_verify_done": UNIT_FAILED}


def test_a_batch_of_hosts_that_are_well_is_settled() -> None:
    assert settled(["a", "b"], {"a": WELL, "b": WELL, "c": BROKEN})


def test_a_host_that_is_to_be_taken_back_keeps_its_batch_open() -> None:
    assert not settled(["a", "b"], {"a": WELL, "b": BROKEN})


def test_a_host_that_is_to_be_put_back_into_service_keeps_its_batch_open() -> None:
    assert not settled(["a", "b"], {"a": {**WELL, "patchops_hook_undrain": "balancer"}, "b": WELL})


def test_an_empty_hook_is_none() -> None:
    assert settled(["a"], {"a": {**WELL, "patchops_hook_undrain": ""}})
