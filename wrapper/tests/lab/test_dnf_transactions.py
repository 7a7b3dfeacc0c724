# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on a host with dnf, where dnf differs: kernels, renamed packages, and what it passes over."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from patchops.lab import faults
from patchops.lab.distributions import rpm_apps
from patchops.lab.distributions.rocky import Rocky
from patchops.lab.distributions.rpm_repository import Package, ensure_packages
from patchops.lab.hosts import LabHost
from patchops.lab.lab import Lab
from patchops.lab.modules import run_module
from patchops.lab.spec import HostSpec
from patchops.lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab

APPS = ("failapp", "goodapp", "libuser", "needsnew", "oldname", "plainapp")
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}
MANY = ["kernel-core", "lab-goodapp", "lab-library", "lab-needsnew", "lab-newname"]


@pytest.fixture(scope="module")
def rpm_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("r1", "rocky9", kernel=True, apps=APPS))


@pytest.fixture
def host(rpm_lab: Lab) -> LabHost:
    renew(rpm_lab)
    return rpm_lab.host("r1")


def transact(lab: Lab, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module(lab, "r1", "transaction", arguments, check=check)


def code_of(result: dict[str, Any]) -> str:
    return f"{result['outcome']['code']}"


def reasons(host: LabHost) -> str:
    """What dnf says is there for its own sake."""
    return host.run("dnf", "-q", "-C", "repoquery", "--userinstalled", "--qf", "%{name}-%{evr}")


def etc(host: LabHost) -> str:
    return host.run("sh", "-c", "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2")


def test_everything_at_once_comes_as_planned_and_goes_back_to_the_same_list(
    rpm_lab: Lab, host: LabHost
) -> None:
    host.run("dnf", "-q", "makecache")
    before, kept, files = host.packages(), reasons(host), etc(host)

    applied = transact(rpm_lab, state="applied", packages=MANY)
    assert code_of(applied) == "applied", applied["outcome"]
    changes = applied["plan"]["packages"]
    assert {(one["name"], one["action"]) for one in changes} == {
        ("kernel-core", "install"),
        ("lab-goodapp", "upgrade"),
        ("lab-library", "upgrade"),
        ("lab-needsnew", "upgrade"),
        ("lab-newcomer", "install"),
        ("lab-newname", "install"),
        ("lab-oldname", "remove"),
    }
    going = {(one["name"], one["from"], one["arch"]) for one in changes}
    coming = {(one["name"], one["to"], one["arch"]) for one in changes if one["to"]}
    assert host.packages() == (before - going) | coming
    assert applied["services"]["restarted"] == ["lab-libuser.service"]
    assert "lab-newname" in reasons(host)
    assert "lab-newcomer" not in reasons(host)

    reverted = transact(rpm_lab, state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert reasons(host) == kept
    assert host.run("systemctl", "is-active", "lab-goodapp", "lab-libuser").split() == ["active", "active"]

    host.run("dnf", "-q", "-y", "upgrade", *MANY[:3])
    assert host.packages() == before, "the host's own updater brought it back"

    assert code_of(transact(rpm_lab, state="committed")) == "committed"
    assert etc(host) == files
    host.run("dnf", "-q", "-y", "upgrade", "lab-goodapp")
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()


def test_a_failed_script_is_a_failure_although_dnf_reports_success(rpm_lab: Lab, host: LabHost) -> None:
    before = host.packages()
    result = transact(rpm_lab, state="applied", packages=["lab-failapp"])
    assert code_of(result) == "install_taken_back"
    assert "POSTIN scriptlet in rpm package lab-failapp" in result["outcome"]["message"]
    assert host.packages() == before


def test_a_dead_repository_is_not_nothing_to_do(rpm_lab: Lab, host: LabHost) -> None:
    faults.inject(rpm_lab, "mirror-error", "503")
    result = transact(rpm_lab, **GOODAPP)
    lied = host.try_run("dnf", "-y", "upgrade")
    faults.clear(rpm_lab, "mirror-error", "503")
    assert code_of(result) == "repository_unreadable"
    assert "503" in result["outcome"]["message"]
    assert (lied.returncode, "Nothing to do" in lied.stdout) == (0, True), "dnf itself told the truth"


def test_a_package_that_nobody_signed_is_refused(rpm_lab: Lab, host: LabHost) -> None:
    faults.inject(rpm_lab, "missing-file", "rocky9/lab-goodapp")
    package = Package("goodapp", rpm_apps.NEW)
    served = Rocky().repository(rpm_lab.paths)
    shutil.copyfile(ensure_packages([package])[package], served.packages / package.file)
    served.write_metadata(served.offers())
    result = transact(rpm_lab, **GOODAPP)
    assert code_of(result) == "repository_unsigned", result["outcome"]
    assert ("lab-goodapp", rpm_apps.OLD, "noarch") in host.packages()
