# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run leaves is the next run's to answer for, and a run over a patched host changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("web1", apps=("slowapp", "webapp")))


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def states(lab: Lab) -> list[str]:
    """Return the states that the journals of web1 name, oldest first."""
    found = lab.host("web1").try_run("sh", "-c", "cat /var/lib/patchops/transactions/*/journal.jsonl")
    entries = [json.loads(line) for line in found.stdout.splitlines() if line.endswith("}")]
    return [entry["state"] for entry in entries if entry["event"] == "state"]


def test_killed_before_the_verification_the_bad_update_is_still_taken_back(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    plays.kill_when(lambda: "applied" in states(lab), "patch", hosts="web1", packages=["lab-webapp"])
    assert_no_other_run_acts(plays)
    run = plays.run("patch", hosts="web1", packages=["lab-webapp"])
    assert run.classes() == {"web1": "reverted"}
    assert lab.host("web1").packages() == before


def assert_no_other_run_acts(plays: Plays) -> None:
    """Check that the change that nobody has proven stays as it is, whatever a second controller does."""
    for playbook, variables in (
        ("cleanup", {}),
        ("rollback", {}),
        ("reboot", {"reboot": "always"}),
        ("patch", {"packages": ["lab-slowapp"]}),
    ):
        outcome = plays.run(playbook, hosts="web1", **variables).host("web1")["outcome"]
        assert (outcome["class"], outcome["code"]) == ("refused", "owned_by_another"), playbook
        assert "belongs to run patch-1 on " in outcome["message"]


def test_a_second_run_over_a_patched_host_changes_nothing(lab: Lab, plays: Plays) -> None:
    plays.run("patch", hosts="web1", packages=["lab-slowapp"], fence=2)
    boot = lab.host("web1").boot_id()
    run = plays.run("patch", hosts="web1", packages=["lab-slowapp"])
    assert run.report["totals"]["nothing_to_do"] == 1
    assert lab.host("web1").boot_id() == boot
    assert states(lab).count("applied") == 1
    stale = plays.run("cleanup", hosts="web1", fence=1)
    assert stale.host("web1")["outcome"]["code"] == "stale_fence"
    assert plays.run("cleanup", hosts="web1").classes() == {"web1": "ok"}
