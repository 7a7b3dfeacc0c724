# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks over hosts with dnf, beside one with apt: scan, patch, reboot, verify, take back."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops_lab.distributions import rpm_apps
from patchops_lab.lab import Lab
from patchops_lab.plays import Plays
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("rocky1", "rocky9", kernel=True, apps=("goodapp",)),
        HostSpec("rocky2", "rocky9", kernel=True, apps=("goodapp", "webapp")),
    )


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def test_a_kernel_and_a_service_are_patched_rebooted_proven_and_taken_back(lab: Lab, plays: Plays) -> None:
    host = lab.host("rocky1")
    before, boot = host.packages(), host.boot_id()

    scanned = plays.run("scan", hosts="rocky1").host("rocky1")
    assert scanned["pending"] == {"total": 2, "security": 2, "kept_back": 0}

    patched = plays.run("patch", hosts="rocky1", select="security")
    entry = patched.host("rocky1")
    assert patched.report["result"] == "done", patched.output
    assert (entry["outcome"]["class"], entry["effective"]) == ("ok", "yes"), entry["outcome"]
    assert entry["reboot"]["done"] is True
    assert host.boot_id() != boot
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in host.packages()
    assert {version for name, version, _arch in host.packages() if name == rpm_apps.KERNEL} == {
        rpm_apps.OLD_KERNEL,
        rpm_apps.NEW_KERNEL,
    }

    patched_packages, boot = host.packages(), host.boot_id()
    again = plays.run("patch", hosts="rocky1", select="security")
    assert again.classes() == {"rocky1": "ok"}, again.output
    assert (host.packages(), host.boot_id()) == (patched_packages, boot)

    back = plays.run("rollback", hosts="rocky1")
    assert back.host("rocky1")["outcome"]["code"] == "taken_back", back.output
    assert host.packages() == before


def test_a_service_that_breaks_is_taken_back_and_what_one_host_proved_goes_to_the_next(
    lab: Lab, plays: Plays
) -> None:
    before = lab.host("rocky2").packages()
    run = plays.run("patch", hosts="rocky2", packages=["lab-webapp"])
    assert run.classes() == {"rocky2": "reverted"}, run.output
    assert "lab-webapp.service" in run.host("rocky2")["outcome"]["message"]
    assert lab.host("rocky2").packages() == before

    proven = plays.run("patch", hosts="rocky1", packages=["lab-goodapp"], seal=True, reboot="never")
    patch_set = proven.report["patch_set"]
    assert patch_set["id"], proven.output
    promoted = plays.run("patch", hosts="rocky2", patch_set=patch_set["path"], reboot="never")
    assert promoted.classes() == {"rocky2": "ok"}, promoted.output
    assert ("lab-goodapp", rpm_apps.NEW, "noarch") in lab.host("rocky2").packages()
    assert ("lab-webapp", rpm_apps.OLD, "noarch") in lab.host("rocky2").packages()
