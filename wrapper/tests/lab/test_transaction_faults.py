# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on real hosts when something comes between; what breaks is in tests/faults."""

import re
import time
from typing import Any

import pytest

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import begin_module, read_result
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import transact

pytestmark = pytest.mark.lab

APPLY: dict[str, Any] = {"state": "applied"}


@pytest.fixture(scope="module")
def made_lab(make_lab: MakeLab) -> Lab:
    """One host for each way in which an update can go wrong."""
    return make_lab(
        HostSpec("slow", apps=("slowapp",)),
        HostSpec("conf", apps=("confapp",)),
        HostSpec("push", apps=("pusher",)),
        HostSpec("auto", kernel=True, apps=("slowapp",)),
    )


@pytest.fixture
def lab(made_lab: Lab) -> Lab:
    renew(made_lab)
    return made_lab


def wait_for(host: LabHost, *command: str) -> None:
    ends = time.monotonic() + 300
    while host.try_run(*command).returncode != 0:
        assert time.monotonic() < ends, f"{command} did not come true on {host.name}"
        time.sleep(0.2)


def wait_for_install(host: LabHost) -> None:
    wait_for(host, "pgrep", "-f", "lab-slowapp.postinst")


def entries(host: LabHost, what: str) -> int:
    return host.run("sh", "-c", "cat /var/lib/patchops/transactions/*/journal.jsonl").count(what)


def upgrades(host: LabHost, package: str) -> list[str]:
    log = host.read_from_outside("var/log/dpkg.log")
    return re.findall(rf" upgrade {package}:\S+ (\S+ \S+)", log)


def test_two_calls_at_once_make_one_transaction(lab: Lab) -> None:
    host = lab.host("slow")
    arguments = {**APPLY, "packages": ["lab-slowapp"]}
    calls = [begin_module(lab, "slow", "transaction", arguments) for _number in range(2)]
    results = [read_result(*call.communicate(timeout=900)) for call in calls]
    assert [one["outcome"]["code"] for one in results] == ["applied", "applied"]
    assert results[0]["transaction"]["id"] == results[1]["transaction"]["id"]
    assert upgrades(host, "lab-slowapp") == ["1.0 1.1"]


def test_a_killed_worker_is_replaced_by_the_next_call(lab: Lab) -> None:
    host = lab.host("auto")
    host.run("systemctl", "start", "apt-daily.timer")
    transact(lab, "auto", **APPLY, packages=["lab-slowapp"], wait=False)
    wait_for_install(host)
    assert host.try_run("systemctl", "is-active", "apt-daily.timer").stdout.strip() == "inactive"
    host.run("pkill", "-9", "-f", "payload.zip")
    wait_for(host, "systemctl", "is-active", "apt-daily.timer")
    again = transact(lab, "auto", **APPLY, packages=["lab-slowapp"])
    assert again["outcome"]["code"] == "applied", again["outcome"]
    assert entries(host, '"state": "applied"') == 1
    assert upgrades(host, "lab-slowapp") == ["1.0 1.1"]


def test_a_power_cut_during_the_install_can_be_taken_back(lab: Lab) -> None:
    host = lab.host("slow")
    before = host.packages()
    transact(lab, "slow", **APPLY, packages=["lab-slowapp"], wait=False)
    wait_for_install(host)
    host.kill()
    host.start()
    host.wait_until_up()
    again = transact(lab, "slow", state="reverted")
    assert again["outcome"]["code"] == "taken_back", again["outcome"]
    assert host.packages() == before
    assert host.run("dpkg", "--audit") == ""


def test_an_edited_configuration_file_stays(lab: Lab) -> None:
    host = lab.host("conf")
    path = host.run("dpkg-query", "-W", "-f", "${Conffiles}", "lab-confapp").split()[0]
    edited = host.run("cat", path)
    assert transact(lab, "conf", **APPLY, packages=["lab-confapp"])["outcome"]["code"] == "applied"
    assert host.run("cat", path) == edited
    assert transact(lab, "conf", state="reverted")["outcome"]["code"] == "taken_back"
    assert host.run("cat", path) == edited


def test_an_update_that_removes_another_package_is_left_out(lab: Lab) -> None:
    host = lab.host("push")
    result = transact(lab, "push", **APPLY, select="all")
    assert result["outcome"]["code"] == "applied"
    assert "lab-pushed" in {one["name"]: one["reason"] for one in result["plan"]["held"]}["lab-pusher"]
    assert ("lab-pushed", "1.0", "all") in host.packages()


def test_an_update_that_removes_another_package_comes_when_that_is_allowed(lab: Lab) -> None:
    host = lab.host("push")
    before = host.packages()
    result = transact(lab, "push", **APPLY, packages=["lab-pusher"], allow_removals=True)
    assert result["outcome"]["code"] == "applied", result["outcome"]
    assert ("lab-pushed", "1.0", "all") not in host.packages()
    assert transact(lab, "push", state="reverted")["outcome"]["code"] == "taken_back"
    assert host.packages() == before


def test_packages_left_half_done_by_others_refuse(lab: Lab) -> None:
    host = lab.host("conf")
    half_done = "/^Package: lab-generated$/,/^$/s/installed$/half-configured/"
    host.run("sed", "-i", half_done, "/var/lib/dpkg/status")
    result = transact(lab, "conf", **APPLY, packages=["lab-confapp"])
    assert result["outcome"]["code"] == "interrupted_packages", result["outcome"]
    assert "lab-generated" in result["outcome"]["message"]


def test_the_old_packages_gone_from_the_mirror_refuse_and_can_be_rebuilt(make_lab: MakeLab) -> None:
    lab = make_lab(HostSpec("gone", apps=("goodapp",)), old_gone=True)
    host = lab.host("gone")
    before = host.packages()
    everything: dict[str, Any] = {
        "select": "all",
        "way_back_classes": [{"packages": ["*"], "class": "revertible"}],
    }
    refused = transact(lab, "gone", **APPLY, **everything)
    assert refused["outcome"]["code"] == "no_way_back", refused["outcome"]
    assert "lab-goodapp 1.0" in refused["outcome"]["message"]
    assert host.packages() == before

    applied = transact(lab, "gone", **APPLY, **everything, way_back="best_effort")
    assert applied["outcome"]["code"] == "applied", applied["outcome"]
    reverted = transact(lab, "gone", state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert host.run("dpkg", "--audit") == ""


def test_a_reboot_during_the_install_waits_for_the_package_manager(lab: Lab) -> None:
    host = lab.host("slow")
    transact(lab, "slow", **APPLY, packages=["lab-slowapp"], wait=False)
    wait_for_install(host)
    starts = host.state().starts
    host.try_run("systemctl", "reboot")
    host.wait_for_reboot(starts)
    host.wait_until_up()
    again = transact(lab, "slow", **APPLY, packages=["lab-slowapp"])
    assert again["outcome"]["class"] == "ok", again["outcome"]
    assert entries(host, '"state": "applied"') == 1
    assert upgrades(host, "lab-slowapp") == ["1.0 1.1"]
    assert host.run("dpkg", "--audit") == ""
