# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks over hosts that do not answer: plans, refusals, gates and reports need none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchops_lab.plays import Plays

NOBODY = "{ansible_host: 127.0.0.1, ansible_port: 1, ansible_ssh_common_args: -o ConnectTimeout=2}"


def plays_over(directory: Path, hosts: str, variables: str = "{}") -> Plays:
    inventory = directory / "inventory.yml"
    inventory.write_text(
        f"all: {{children: {{fleet: {{hosts: {hosts}, vars: {NOBODY}}}}}, vars: {variables}}}"
    )
    return Plays(inventory, directory)


@pytest.fixture
def plays(tmp_path: Path) -> Plays:
    return plays_over(tmp_path, "{web1: null, web2: null, web3: null}")


def test_a_scan_fails_over_hosts_that_could_not_be_asked_and_names_them(plays: Plays) -> None:
    run = plays.run("scan")
    assert run.rc == 2
    assert run.report["result"] == "failed"
    assert run.report["totals"]["unreachable"] == 3
    assert run.host("web1")["outcome"]["code"] == "connection_refused"
    for host in ("web1", "web2", "web3"):
        assert f"{host} (unreachable): connection refused" in run.output
    assert "Start sshd on the host, or correct ansible_host and ansible_port." in run.output


def test_a_scan_does_not_fail_when_it_is_told_so(plays: Plays) -> None:
    run = plays.run("scan", fail_on=[])
    assert run.rc == 0


def test_hosts_that_were_unreachable_before_close_the_gate(plays: Plays) -> None:
    run = plays.run("patch", hosts="fleet", failure_budget=2, serial=1)
    assert run.rc == 2
    assert run.report["result"] == "stopped"
    assert run.report["gates"][0]["reason"] == "3 of 3 hosts are lost (web1, web2, web3), 2 may be"
    assert run.classes() == dict.fromkeys(["web1", "web2", "web3"], "unreachable")


@pytest.mark.parametrize("playbook", ["patch", "rollback", "reboot", "cleanup"])
def test_what_changes_hosts_wants_them_named(plays: Plays, playbook: str) -> None:
    run = plays.run(playbook)
    assert run.rc == 2
    assert f"{playbook} changes hosts, and no hosts were named. Nothing was done." in run.output
    assert run.report == {}


def test_a_limit_names_hosts_and_leaves_the_controller_reachable(plays: Plays) -> None:
    run = plays.run("patch", "--limit", "web2")
    assert run.classes() == {"web2": "unreachable"}


def test_a_pattern_and_a_limit_are_both_kept(plays: Plays) -> None:
    run = plays.run("patch", "--limit", "web2,web3", hosts="fleet:!web3")
    assert run.classes() == {"web2": "unreachable"}


def test_the_hosts_are_taken_in_the_inventorys_order(tmp_path: Path) -> None:
    plays = plays_over(tmp_path, "{zeta: null, alpha: null, mid: null}")
    run = plays.run("patch", hosts="all", serial=[1, 2], failure_budget=3)
    assert [(entry["host"], entry["batch"]) for entry in run.report["hosts"]] == [
        ("zeta", 1),
        ("alpha", 2),
        ("mid", 2),
    ]


def test_an_inventory_that_names_the_controller_itself_works_too(tmp_path: Path) -> None:
    plays = plays_over(tmp_path, "{localhost: {ansible_connection: local}, web1: null}")
    run = plays.run("patch", hosts="fleet:!localhost", intermittent=True)
    assert run.classes() == {"web1": "unreachable"}


def test_an_empty_inventory_is_an_error(tmp_path: Path) -> None:
    run = plays_over(tmp_path, "{}").run("scan")
    assert run.rc == 2
    assert "scan has no hosts: the inventory is empty" in run.output


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"hosts": "fleet:nosuch"}, "patchops_hosts names 'nosuch', which matches no host"),
        (
            {"hosts": "all", "serial": "many"},
            "patchops_serial (as web1 has it): 'many' is no size of a batch",
        ),
        ({"hosts": "all", "checks": [{"tcp": {}}]}, "patchops_checks (as web1 has it)"),
        (
            {"hosts": "all", "patch_set": "/nonexistent.json"},
            "the patch set /nonexistent.json could not be read",
        ),
        ({"hosts": "all", "hook_drain": "drain.yml"}, "is neither a role nor an absolute path"),
        ({"hosts": "all", "hook_drain": "nosuch.role.here"}, "the role nosuch.role.here is not found"),
        ({"hosts": "all", "document_store": {"kind": "cloud"}}, "patchops_document_store is not understood"),
        ({"hosts": "all", "document_store": "/srv/documents"}, "Give {kind: directory, path: /a/directory}"),
        ({"hosts": "all", "document_store": {"kind": "directory", "path": 5}}, "is not understood"),
        ({"hosts": "all", "drain_file": ["/srv/stop"]}, "patchops_drain_file: ['/srv/stop'] is no absolute"),
        ({"hosts": {"web1": None}}, "patchops_hosts: {'web1': None} is no pattern of hosts"),
    ],
)
def test_what_is_wrong_with_a_run_is_said_before_anything_happens(
    plays: Plays, variables: dict[str, Any], message: str
) -> None:
    run = plays.run("patch", **variables)
    assert run.rc == 2
    assert message in " ".join(run.output.split())
    assert "Look at the hosts" not in run.output


def test_a_name_that_reads_as_a_pattern_is_refused(tmp_path: Path) -> None:
    run = plays_over(tmp_path, "{'web*': null}").run("scan")
    assert run.rc == 2
    assert "reads as a pattern" in run.output


def test_without_a_store_the_run_goes_on_and_reports_in_its_artifact(plays: Plays) -> None:
    run = plays.run("scan", document_store={"kind": "none"}, fail_on=[])
    assert run.rc == 0
    assert run.report == {}


def test_a_store_that_can_not_be_written_is_a_warning(plays: Plays) -> None:
    run = plays.run("scan", document_store={"kind": "directory", "path": "/proc/nowhere"}, fail_on=[])
    assert run.rc == 0
    assert "could not be written on the controller" in " ".join(run.output.split())


def test_in_check_mode_no_batch_starts(plays: Plays) -> None:
    run = plays.run("patch", "--check", hosts="all")
    assert run.report["check_mode"]
    assert run.report["gates"] == []
    assert run.report["totals"]["unreachable"] == 3
