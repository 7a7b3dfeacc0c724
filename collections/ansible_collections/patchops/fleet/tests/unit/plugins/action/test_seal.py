# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.action.seal import _left_out, _not_counted
from ansible_collections.patchops.fleet.plugins.plugin_utils.step_results import STEP_RESULTS


def steps(*versions: str) -> dict[str, Any]:
    packages = [
        {"name": "openssl", "arch": "amd64", "to": version, "sha256": "0" * 64, "action": "upgrade"}
        for version in versions
    ]
    return {"stage": {"plan": {"packages": packages}}}


def outcome(lost: bool) -> dict[str, Any]:
    return {"class": "failed" if lost else "ok", "touched": True, "lost": lost}


def test_a_package_that_one_lost_host_takes_out_of_the_set_is_told_with_the_host() -> None:
    assert "stage" in STEP_RESULTS
    results = {"web1": steps("2"), "web2": steps("2", "3")}
    told = _left_out(results, {"web1": outcome(False), "web2": outcome(True)})
    assert "openssl 2 (web2)" in told
    assert "openssl 3" not in told


def test_a_set_that_has_all_that_was_proven_says_nothing() -> None:
    assert _left_out({"web1": steps("2")}, {"web1": outcome(False)}) == ""


def test_a_host_whose_plan_no_host_could_install_is_named_and_counts_as_no_proof() -> None:
    results = {"web1": steps("2"), "evil": steps("2")}
    results["evil"]["stage"]["plan"]["packages"][0]["sha256"] = None
    told = _not_counted(results, {"web1": outcome(False), "evil": outcome(False)})
    assert "checksum: evil." in told
    assert "web1" not in told
    assert _not_counted({"web1": steps("2")}, {"web1": outcome(False)}) == ""
