# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What packages don't take back: told before the window, installed last, and a failed one halts the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchops_lab.distributions import rpm_apps
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .evidence import journal

pytestmark = pytest.mark.lab

TAKES_SNAPSHOT = "[{ansible.builtin.set_fact: {patchops_snapshot: vm-17@before}}]\n"


def rule(package: str, way_back: str) -> list[dict[str, Any]]:
    return [{"packages": [package], "class": way_back}]


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("web1", apps=("goodapp", "webapp", "failapp")),
        HostSpec("web2", apps=("goodapp", "failapp")),
        HostSpec("rocky1", "rocky9", apps=("goodapp", "failapp")),
    )


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def test_a_failed_update_without_a_way_back_halts_the_run_whatever_its_budget(lab: Lab, plays: Plays) -> None:
    failing = {
        "packages": ["lab-goodapp", "lab-failapp"],
        "way_back_classes": rule("lab-failapp", "forward_only"),
        "serial": 1,
        "failure_budget": 2,
    }
    planned = plays.run("patch", "--check", hosts="web1,web2", **failing)
    said = " ".join(planned.output.split())
    assert "Without a way back by packages: web1 (lab-failapp), web2 (lab-failapp)." in said
    assert planned.host("web2")["way_back"] == {
        "revertible": 1,
        "snapshot_only": [],
        "forward_only": [{"name": "lab-failapp", "reason": "by the rule for lab-failapp"}],
    }

    run = plays.run("patch", hosts="web1,web2", **failing)
    assert run.report["result"] == "stopped", run.output
    assert run.classes() == {"web1": "failed", "web2": "not_started"}
    halted = run.host("web1")["outcome"]
    assert halted["code"] == "forward_only_failed"
    assert "2 of 2 packages changed as planned, half done: lab-failapp" in halted["message"]
    assert "can't be taken back failed on web1" in run.report["gates"][-1]["reason"]
    assert ("lab-goodapp", "1.1", "all") in lab.host("web1").packages()
    assert ("lab-goodapp", "1.0", "all") in lab.host("web2").packages()

    back = plays.run("rollback", hosts="web1").host("web1")["outcome"]
    assert back["code"] == "forward_only", back
    assert ("lab-goodapp", "1.1", "all") in lab.host("web1").packages()


def test_when_another_package_fails_first_everything_is_as_before(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    run = plays.run(
        "patch",
        hosts="web1",
        packages=["lab-goodapp", "lab-failapp"],
        way_back_classes=rule("lab-goodapp", "forward_only"),
    )
    assert run.classes() == {"web1": "reverted"}, run.output
    assert "lab-failapp" in run.host("web1")["outcome"]["message"]
    assert lab.host("web1").packages() == before


def test_what_packages_take_back_goes_back_and_the_rest_stays(lab: Lab, plays: Plays) -> None:
    run = plays.run(
        "patch",
        hosts="web1",
        packages=["lab-goodapp", "lab-webapp"],
        way_back_classes=rule("lab-goodapp", "forward_only"),
    )
    outcome = run.host("web1")["outcome"]
    assert (outcome["class"], outcome["code"]) == ("reverted", "rolled_back_partly"), run.output
    assert "they stay: lab-goodapp 1.1" in outcome["message"]
    assert {("lab-goodapp", "1.1", "all"), ("lab-webapp", "1.0", "all")} <= lab.host("web1").packages()


def test_a_database_waits_for_its_snapshot_and_cleanup_leaves_only_journals(
    lab: Lab, plays: Plays, tmp_path: Path
) -> None:
    host = lab.host("web1")
    database: dict[str, Any] = {
        "hosts": "web1",
        "packages": ["lab-goodapp"],
        "way_back_classes": rule("lab-goodapp", "snapshot_only"),
    }
    refused = plays.run("patch", **database).host("web1")
    assert refused["outcome"]["code"] == "snapshot_missing"
    assert [one["name"] for one in refused["way_back"]["snapshot_only"]] == ["lab-goodapp"]

    undrain = tmp_path / "undrain.yml"
    undrain.write_text("[{ansible.builtin.command: touch /run/in-service}]\n")
    late = plays.run("patch", hook_undrain=str(undrain), without_snapshot="refuse_to_apply", **database)
    assert late.host("web1")["outcome"]["code"] == "snapshot_missing", late.output
    assert host.run("ls", "/run/in-service").strip() == "/run/in-service"

    drain = tmp_path / "drain.yml"
    drain.write_text(TAKES_SNAPSHOT)
    run = plays.run(
        "patch", hook_drain=str(drain), without_snapshot="refuse_to_apply", reboot="always", **database
    )
    assert run.classes() == {"web1": "ok"}, run.output
    named = [one["snapshot"] for one in journal(host) if one["event"] == "launched"]
    assert named[-1] == "vm-17@before"

    assert plays.run("cleanup", hosts="web1").classes() == {"web1": "ok"}
    kept = host.run("find", "/var/lib/patchops", "-name", "*.deb", "-o", "-name", "reboot.json")
    assert kept == ""
    assert run_module(lab, "web1", "transaction_info", {"wait_seconds": 0})["kept_bytes"] == 0


def test_a_script_that_fails_under_rpm_halts_and_what_can_go_back_does(lab: Lab, plays: Plays) -> None:
    host = lab.host("rocky1")
    halted = run_module(
        lab,
        "rocky1",
        "transaction",
        {
            "state": "applied",
            "packages": ["lab-goodapp", "lab-failapp"],
            "way_back_classes": rule("lab-failapp", "forward_only"),
        },
    )
    assert (halted["outcome"]["code"], halted["host_state"]) == ("forward_only_failed", "mixed")
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()

    back = run_module(lab, "rocky1", "transaction", {"state": "reverted"})
    assert back["outcome"]["code"] == "taken_back_partly", back["outcome"]
    assert {
        ("lab-goodapp", rpm_apps.OLD, "noarch"),
        ("lab-failapp", rpm_apps.NEW, "noarch"),
    } <= host.packages()
