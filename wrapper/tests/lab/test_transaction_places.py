# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on hosts that are set up otherwise than most, or are full."""

from typing import Any

import pytest

from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import transact

pytestmark = pytest.mark.lab

PASSWORD = "s3cret-of-sudo"
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}
INSTALLED = ("lab-goodapp", "1.1", "all")


@pytest.fixture(scope="module")
def made_lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec(
            "rough",
            release="bullseye",
            apps=("goodapp",),
            noexec_tmp=True,
            sudo_password=PASSWORD,
            variables={"ansible_become_password": PASSWORD},
        ),
        HostSpec("kernel", apps=("goodapp",), kernel=True),
        HostSpec("vendor", apps=("goodapp",), third_party_repo=True),
    )


@pytest.fixture
def lab(made_lab: Lab) -> Lab:
    renew(made_lab)
    return made_lab


def test_without_pipelining_with_noexec_tmp_and_a_sudo_password(lab: Lab) -> None:
    host = lab.host("rough")
    result = run_module(lab, "rough", "transaction", GOODAPP, ANSIBLE_PIPELINING="False")
    assert result["outcome"]["code"] == "applied", result["outcome"]
    assert INSTALLED in host.packages()
    assert host.try_run("grep", "-r", PASSWORD, "/var/lib/patchops").returncode == 1


def test_passwords_of_proxies_reach_neither_journal_nor_units(lab: Lab) -> None:
    host = lab.host("kernel")
    host.run("sh", "-c", "echo 'http_proxy=http://user:pr0xy-pass@127.0.0.1:9/' >> /etc/environment")
    host.run("sh", "-c", "echo 'Acquire::http::Proxy \"DIRECT\";' > /etc/apt/apt.conf.d/90direct")
    result = transact(lab, "kernel", **GOODAPP)
    assert result["outcome"]["code"] == "applied", result["outcome"]
    found = host.try_run("grep", "-rl", "pr0xy-pass", "/var/lib/patchops", "/run/systemd/transient").stdout
    assert [path for path in found.split() if not path.endswith("environment.json")] == []


def test_unattended_upgrades_do_not_bring_back_what_was_taken_back(lab: Lab) -> None:
    host = lab.host("kernel")
    transact(lab, "kernel", **GOODAPP)
    transact(lab, "kernel", state="reverted")
    host.run("unattended-upgrade")
    assert ("lab-goodapp", "1.0", "all") in host.packages()


def test_security_updates_leave_a_vendors_packages_alone(lab: Lab) -> None:
    host = lab.host("vendor")
    vendors = {one for one in host.packages() if one[0] == "lab-vendortool"}
    result = transact(lab, "vendor", state="applied", select="security")
    assert result["outcome"]["code"] == "applied", result["outcome"]
    assert all(one["security"] for one in result["plan"]["packages"])
    assert vendors <= host.packages()
    assert INSTALLED in host.packages()


def test_what_an_administrator_switched_off_after_a_change_stays_so_when_it_is_taken_back(lab: Lab) -> None:
    host = lab.host("kernel")
    transact(lab, "kernel", **GOODAPP)
    host.run("systemctl", "disable", "--now", "dpkg-db-backup.timer")
    outcome = transact(lab, "kernel", state="reverted")["outcome"]
    assert outcome["code"] == "taken_back"
    assert "stay so: dpkg-db-backup.timer" in outcome["message"]
    assert host.try_run("systemctl", "is-enabled", "dpkg-db-backup.timer").stdout == "disabled\n"
    assert host.try_run("systemctl", "is-active", "dpkg-db-backup.timer").stdout == "inactive\n"
