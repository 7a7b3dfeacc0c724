# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line on real hosts: what it says, what it did, and what becomes of it when it is stopped."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .command import Command, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("cli-patch")]


@pytest.fixture(scope="module")
def module_lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("good1", apps=("goodapp",)),
        HostSpec("slow1", apps=("slowapp",)),
        HostSpec("slow2", apps=("slowapp",)),
    )


@pytest.fixture
def patchops(module_lab: Lab, tmp_path: Path) -> Iterator[Command]:
    renew(module_lab)
    for host in ("slow1", "slow2"):
        module_lab.host(host).run("sh", "-c", "echo 8 > /etc/lab-slowapp.seconds")
    command = Command(module_lab, tmp_path / "data")
    yield command
    command.end_all()


def upgrades(lab: Lab, host: str, package: str) -> list[str]:
    """The lines of dpkg's own log, read from outside; a host that never changed a package has none."""
    log = lab.host(host).try_run("cat", "/var/log/dpkg.log").stdout
    return [line for line in log.splitlines() if f" upgrade {package}:" in line]


def unpacks(lab: Lab, host: str) -> bool:
    return bool(upgrades(lab, host, "lab-slowapp"))


def test_a_scan_puts_the_fleet_on_record(patchops: Command) -> None:
    ran = patchops.run("scan")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 of 3 hosts have security updates pending." in ran.stdout
    status = json.loads(patchops.run_status())
    assert {host["name"] for host in status["hosts"]} == {"good1", "slow1", "slow2"}


def test_check_mode_plans_and_changes_nothing(patchops: Command) -> None:
    patchops.run("scan", "--limit", "good1")
    before = patchops.lab.host("good1").packages()

    code, hosts = patchops.report("patch", "--limit", "good1", "--package", "lab-goodapp", "--check")

    assert code == 0
    assert [change["name"] for change in hosts["good1"]["changes"]] == ["lab-goodapp"]
    assert patchops.lab.host("good1").packages() == before


def test_a_named_package_is_patched_and_taken_back(patchops: Command) -> None:
    host = patchops.lab.host("good1")
    before = host.packages()

    patched, _ = patchops.report("patch", "--limit", "good1", "--package", "lab-goodapp")
    after = host.packages()
    back, _ = patchops.report("rollback", "--limit", "good1")

    assert (patched, back) == (0, 0)
    assert {package[0] for package in after - before} == {"lab-goodapp"}
    assert host.packages() == before


def test_ctrl_c_finishes_the_batch_and_leaves_the_next_host_alone(patchops: Command) -> None:
    untouched = patchops.lab.host("slow2").packages()
    running = patchops.start("patch", "--limit", "slow1,slow2", "--package", "lab-slowapp", "--serial", "1")
    wait_until(lambda: unpacks(patchops.lab, "slow1"))

    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=600)

    assert running.returncode == 130, out + err
    assert "Stopping before the next batch" in err
    assert "not started" in out
    assert ("lab-slowapp", "1.1", "all") in patchops.lab.host("slow1").packages()
    assert patchops.lab.host("slow2").packages() == untouched


def test_ending_the_playbook_leaves_the_transaction_to_the_host(patchops: Command) -> None:
    arguments = ("--limit", "slow1", "--package", "lab-slowapp")
    running = patchops.start("patch", *arguments)
    wait_until(lambda: unpacks(patchops.lab, "slow1"))

    running.send_signal(signal.SIGTERM)
    wait_until(lambda: bool(list(patchops.data.glob("runs/*/attempt-1/drain"))))
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=600)
    code, hosts = patchops.report("patch", *arguments)

    assert running.returncode == 130, out + err
    assert "under way on slow1" in err
    assert code == 0, hosts
    assert len(upgrades(patchops.lab, "slow1", "lab-slowapp")) == 1


def test_a_host_that_is_cut_off_is_named_and_not_called_clean(patchops: Command) -> None:
    patchops.lab.host("good1").stop()

    code, hosts = patchops.report("scan", "--limit", "good1,slow1", "--", "--timeout", "3")

    assert code == 4
    assert hosts["good1"]["outcome"]["class"] == "unreachable"
    assert hosts["good1"]["pending"] is None
    assert hosts["slow1"]["outcome"]["class"] == "ok"
