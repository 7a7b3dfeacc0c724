# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers a run comes from any level of the inventory; what is wrong with it is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

UNTOUCHED = ("/var/lib/dpkg", "/var/cache/apt/archives", "/var/lib/patchops")


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("web1", apps=("goodapp", "crashapp")),
        HostSpec("web2", apps=("goodapp",)),
        HostSpec("web3", apps=("goodapp",)),
    )


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def layer(directory: Path, text: str) -> str:
    """Write a second inventory source beside the lab's and return the argument that names it."""
    path = directory / "more.yml"
    path.write_text(text)
    return f"--inventory={path}"


def test_batches_and_packages_come_from_group_variables(plays: Plays, tmp_path: Path) -> None:
    more = layer(tmp_path, "all: {vars: {patchops_serial: [1, '100%'], patchops_packages: [lab-goodapp]}}")
    run = plays.run("patch", more, "--limit", "all")
    assert run.report["result"] == "done"
    assert [entry["batch"] for entry in run.report["hosts"]] == [1, 2, 2]
    assert {entry["changes"][0]["name"] for entry in run.report["hosts"]} == {"lab-goodapp"}


def test_hosts_of_one_run_that_disagree_are_both_named(lab: Lab, plays: Plays, tmp_path: Path) -> None:
    more = layer(tmp_path, "all: {hosts: {web2: {patchops_failure_budget: 3}}}")
    run = plays.run("patch", more, hosts="all")
    assert run.rc == 2
    assert "web1 and web2 are in one run but patchops_failure_budget is 0 on one and 3" in run.output
    assert run.report == {}


def test_two_names_of_one_machine_are_refused_before_it_is_changed(
    lab: Lab, plays: Plays, tmp_path: Path
) -> None:
    before = lab.host("web1").packages()
    more = layer(tmp_path, f"all: {{hosts: {{www: {{ansible_host: {lab.host('web1').address}}}}}}}")
    run = plays.run("patch", more, hosts="web1,www", packages=["lab-goodapp"])
    assert run.classes() == {"web1": "refused", "www": "refused"}
    assert "web1: it says that it is the same running machine as www" in run.output
    assert "www: it says that it is the same running machine as web1" in run.output
    assert lab.host("web1").packages() == before


def test_hosts_that_were_not_named_are_not_changed(plays: Plays) -> None:
    run = plays.run("patch")
    assert run.rc == 2
    assert "no hosts were named" in run.output
    assert run.report == {}


def test_a_pattern_that_matches_nothing_is_named(plays: Plays) -> None:
    run = plays.run("patch", hosts="web1,nosuch")
    assert run.rc == 2
    assert "names 'nosuch', which matches no host" in run.output


def test_a_limit_names_hosts_too(lab: Lab, plays: Plays) -> None:
    run = plays.run("patch", "--limit", "web2", packages=["lab-goodapp"])
    assert run.classes() == {"web2": "ok"}


def test_outside_of_its_window_a_run_stops_before_the_first_change(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    run = plays.run(
        "patch",
        hosts="web1",
        packages=["lab-goodapp"],
        freeze={"from": "2020-01-01", "until": "2099-01-01", "reason": "year end"},
    )
    assert run.report["result"] == "stopped"
    assert run.classes() == {"web1": "not_started"}
    assert "year end" in run.host("web1")["outcome"]["message"]
    assert lab.host("web1").packages() == before


def test_check_mode_plans_and_touches_nothing(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").try_run("find", *UNTOUCHED, "-ls").stdout
    run = plays.run("patch", "--check", hosts="web1", packages=["lab-goodapp"])
    after = lab.host("web1").try_run("find", *UNTOUCHED, "-ls").stdout
    assert run.rc == 0
    assert run.report["check_mode"]
    assert run.report["totals"]["pending"] == 1
    assert run.host("web1")["changes"][0]["name"] == "lab-goodapp"
    assert after == before


def test_a_failing_check_takes_the_update_back(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    run = plays.run(
        "patch",
        hosts="web1",
        packages=["lab-goodapp"],
        checks=[
            {"tcp": {"port": 8081}},
            {"command": ["sh", "-c", "dpkg -s lab-goodapp | grep -q '^Version: 1.0$'"]},
        ],
        verify_settle=2,
    )
    assert run.classes() == {"web1": "reverted"}
    assert "command sh: exit code 1" in run.host("web1")["outcome"]["message"]
    assert run.host("web1")["verification"] == {
        "ok": True,
        "checks": [
            {"check": "tcp 127.0.0.1:8081", "ok": True, "detail": "accepts connections"},
            {"check": "command sh", "ok": True, "detail": "exit code 0"},
        ],
    }
    assert lab.host("web1").packages() == before


def test_a_service_that_dies_and_is_restarted_again_and_again_is_taken_back(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    run = plays.run("patch", hosts="web1", packages=["lab-crashapp"])
    assert run.classes() == {"web1": "reverted"}
    assert "unit lab-crashapp.service: does not stay up" in run.host("web1")["outcome"]["message"]
    assert lab.host("web1").packages() == before


def test_a_check_that_fails_after_the_way_back_too_leaves_the_host_failed(lab: Lab, plays: Plays) -> None:
    before = lab.host("web1").packages()
    run = plays.run(
        "patch",
        hosts="web1",
        packages=["lab-goodapp"],
        checks=[{"tcp": {"port": 9}}],
        verify_settle=1,
        rollback_settle=1,
    )
    assert run.classes() == {"web1": "failed"}
    assert "The update was taken back, but" in run.host("web1")["outcome"]["message"]
    assert lab.host("web1").packages() == before


def test_a_hook_that_is_not_there_is_found_before_the_first_batch(lab: Lab, plays: Plays) -> None:
    run = plays.run("patch", hosts="web1", hook_drain="/nonexistent/drain.yml")
    assert run.rc == 2
    assert "patchops_hook_drain (as web1 has it): /nonexistent/drain.yml can't be read" in run.output


def test_hooks_run_around_the_change(lab: Lab, plays: Plays, tmp_path: Path) -> None:
    drain = tmp_path / "drain.yml"
    undrain = tmp_path / "undrain.yml"
    drain.write_text("[{ansible.builtin.command: touch /run/drained}]\n")
    undrain.write_text("[{ansible.builtin.command: mv /run/drained /run/undrained}]\n")
    run = plays.run(
        "patch", hosts="web1", packages=["lab-goodapp"], hook_drain=str(drain), hook_undrain=str(undrain)
    )
    assert run.classes() == {"web1": "ok"}
    assert lab.host("web1").try_run("test", "-e", "/run/undrained").returncode == 0


def test_a_drain_that_fails_keeps_the_host_from_being_changed(lab: Lab, plays: Plays, tmp_path: Path) -> None:
    drain = tmp_path / "drain.yml"
    drain.write_text("[{ansible.builtin.command: 'false'}]\n")
    before = lab.host("web1").packages()
    run = plays.run("patch", hosts="web1", packages=["lab-goodapp"], hook_drain=str(drain))
    assert run.host("web1")["outcome"]["code"] == "hook_failed"
    assert lab.host("web1").packages() == before
