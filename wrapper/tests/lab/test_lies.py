# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is reported as a success where something failed, and what PatchOps reports instead.

Three more of the kind: a connection that is cut (tests/faults), a host that never comes back from its reboot
(test_patch_play_reboot.py), and zypper's patches that want a reboot (test_zypper.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from patchops_lab import faults
from patchops_lab.distributions import rpm_apps
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import module_environment, run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def made_lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("rocky", "rocky9", apps=("failapp", "goodapp", "needsnew", "oldname")),
        HostSpec("debian", python_apt=True, apps=("killapp", "webapp")),
    )


@pytest.fixture
def lab(made_lab: Lab) -> Lab:
    renew(made_lab)
    return made_lab


@pytest.fixture
def rocky(lab: Lab) -> LabHost:
    return lab.host("rocky")


@pytest.fixture
def debian(lab: Lab) -> LabHost:
    return lab.host("debian")


def transact(lab: Lab, host: LabHost, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, host.name, "transaction", arguments)


def module_of_ansible(lab: Lab, host: LabHost, module: str, **arguments: Any) -> dict[str, Any]:
    """What one of Ansible's own modules says."""
    command = [sys.executable, "-m", "ansible", "adhoc", host.name, "-i", str(lab.paths.inventory)]
    command += ["-m", f"ansible.builtin.{module}", "-a", json.dumps(arguments)]
    done = subprocess.run(command, env=module_environment(), capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.JSONDecoder().raw_decode(done.stdout.partition(" => ")[2])[0]
    return told


def test_a_failed_rpm_script_is_install_taken_back_where_dnf_reports_a_change(
    lab: Lab, rocky: LabHost
) -> None:
    before = rocky.packages()
    outcome = transact(lab, rocky, state="applied", packages=["lab-failapp"])["outcome"]
    assert outcome["code"] == "install_taken_back", outcome
    assert "POSTIN scriptlet in rpm package lab-failapp" in outcome["message"]
    assert rocky.packages() == before

    transact(lab, rocky, state="committed")
    assert rocky.try_run("dnf", "-q", "-y", "upgrade", "lab-failapp").returncode == 0
    assert ("lab-failapp", rpm_apps.NEW, "noarch") in rocky.packages()


def test_a_dead_repository_is_repository_unreadable_where_dnf_has_nothing_to_do(
    lab: Lab, rocky: LabHost
) -> None:
    faults.inject(lab, "mirror-error", "503")
    outcome = transact(lab, rocky, state="applied", packages=["lab-goodapp"])["outcome"]
    lied = rocky.try_run("dnf", "-y", "upgrade")
    assert outcome["code"] == "repository_unreadable", outcome
    assert "503" in outcome["message"]
    assert (lied.returncode, "Nothing to do" in lied.stdout) == (0, True)


def test_mixed_transactions_are_taken_back_one_by_one_where_dnf_history_rollback_finds_no_packages(
    lab: Lab, rocky: LabHost
) -> None:
    before = rocky.packages()
    names = ("lab-goodapp", "lab-needsnew", "lab-newname")
    done = [transact(lab, rocky, state="applied", packages=[name]) for name in names]
    assert [one["outcome"]["code"] for one in done] == ["applied"] * 3
    after = rocky.packages()
    faults.inject(lab, "old-withdrawn", "rocky9/lab-needsnew")
    given_up = rocky.try_run("dnf", "-y", "--refresh", "history", "rollback", "1")
    assert (given_up.returncode, rocky.packages()) == (1, after), given_up.stdout

    back = [transact(lab, rocky, state="reverted", id=one["transaction"]["id"]) for one in reversed(done)]
    assert [one["outcome"]["code"] for one in back] == ["taken_back"] * 3
    assert rocky.packages() == before


def test_an_interrupted_dpkg_is_interrupted_packages_where_apt_reports_success(
    lab: Lab, debian: LabHost
) -> None:
    debian.run("apt-get", "-q", "update")
    debian.try_run("apt-get", "-q", "-y", "install", "lab-killapp")
    assert "lab-killapp" in debian.run("dpkg", "--audit")

    lied = module_of_ansible(lab, debian, "apt", name="lab-webapp", state="present")
    outcome = transact(lab, debian, state="applied", packages=["lab-webapp"])["outcome"]
    assert (lied["changed"], lied.get("failed", False)) == (False, False)
    assert outcome["code"] == "interrupted_packages", outcome
    assert "lab-killapp" in outcome["message"]


def test_a_service_that_an_update_broke_runs_again_once_it_is_taken_back(lab: Lab, debian: LabHost) -> None:
    before = debian.packages()
    applied = transact(lab, debian, state="applied", packages=["lab-webapp"])
    assert applied["outcome"]["code"] == "applied"
    assert debian.try_run("systemctl", "is-active", "lab-webapp").stdout.strip() != "active"
    assert transact(lab, debian, state="reverted")["outcome"]["code"] == "taken_back"
    assert debian.run("systemctl", "is-active", "lab-webapp").strip() == "active"
    assert debian.packages() == before
