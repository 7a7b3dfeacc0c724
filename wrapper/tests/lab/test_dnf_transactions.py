# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on hosts with dnf, where dnf differs: kernels, renamed packages, and what it passes over."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from patchops_lab import faults
from patchops_lab.distributions import DISTRIBUTIONS, rpm_apps
from patchops_lab.distributions.rpm import RpmDistribution
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import code_of, transact

pytestmark = pytest.mark.lab

APPS = ("failapp", "goodapp", "libuser", "needsnew", "oldname", "plainapp")
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}
MANY = ["kernel-core", "lab-goodapp", "lab-library", "lab-needsnew", "lab-newname"]


@pytest.fixture(scope="module", params=("rocky9", "fedora42"))
def rpm_lab(request: pytest.FixtureRequest, make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("r1", request.param, kernel=True, apps=APPS))


@pytest.fixture
def host(rpm_lab: Lab) -> LabHost:
    renew(rpm_lab)
    return rpm_lab.host("r1")


def distribution_of(host: LabHost) -> RpmDistribution:
    found = DISTRIBUTIONS[host.record.spec.release]
    assert isinstance(found, RpmDistribution)
    return found


def reasons(host: LabHost) -> str:
    """What dnf says is there for its own sake."""
    return host.run(*distribution_of(host).listing_reasons)


def etc(host: LabHost) -> str:
    return host.run("sh", "-c", "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2")


def test_everything_at_once_comes_as_planned_and_goes_back_to_the_same_list(
    rpm_lab: Lab, host: LabHost
) -> None:
    host.run(*distribution_of(host).refreshing)
    before, kept, files = host.packages(), reasons(host), etc(host)

    applied = transact(rpm_lab, "r1", state="applied", packages=MANY)
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

    reverted = transact(rpm_lab, "r1", state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert reasons(host) == kept
    assert host.run("systemctl", "is-active", "lab-goodapp", "lab-libuser").split() == ["active", "active"]

    for package in MANY[:3]:
        host.run(*distribution_of(host).upgrading(package))
    assert host.packages() == before, "the host's own updater brought it back"

    assert code_of(transact(rpm_lab, "r1", state="committed")) == "committed"
    assert etc(host) == files
    host.run(*distribution_of(host).upgrading("lab-goodapp"))
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()


def test_a_package_that_nobody_signed_is_refused(rpm_lab: Lab, host: LabHost) -> None:
    distribution = distribution_of(host)
    faults.inject(rpm_lab, "missing-file", f"{distribution.updates_suite}/lab-goodapp")
    package = rpm_apps.CATALOGUE.package("goodapp", rpm_apps.NEW)
    served = distribution.repository(rpm_lab.paths)
    shutil.copyfile(served.ensure(package), served.packages / package.file)
    served.write_lists(served.offers())
    result = transact(rpm_lab, "r1", **GOODAPP)
    assert code_of(result) == "repository_unsigned", result["outcome"]
    assert ("lab-goodapp", rpm_apps.OLD, "noarch") in host.packages()
