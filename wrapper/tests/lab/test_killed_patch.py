# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops patch` is killed hard at the worst moments: the second call ends what the first one began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops.lab import faults
from patchops.lab.hosts import LabHost
from patchops.lab.lab import Lab
from patchops.lab.plays import wait_until
from patchops.lab.spec import HostSpec
from patchops.lab.testing import MakeLab

from .commands import Patchops, states, upgrades

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("killed-patch")]

HOST = "victim"
PATCH = ("patch", "--limit", HOST, "--select", "security", "--reboot", "always")


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec(HOST, apps=("slowapp", "webapp")))


@pytest.fixture
def victim(lab: Lab) -> LabHost:
    faults.clear(lab, "slow-mirror", "mirror")
    host = lab.host(HOST)
    host.fresh()
    host.run("sh", "-c", "echo 6 > /etc/lab-slowapp.seconds")
    return host


def without_the_bad_update(host: LabHost) -> None:
    host.run("apt-mark", "hold", "lab-webapp")


def kill_when(patchops: Patchops, reached: Callable[[], bool]) -> None:
    with patchops.start(*PATCH) as process:
        try:
            wait_until(lambda: reached() or process.poll() is not None, 300, pause=0.02)
            ended_by_itself = process.poll() is not None
        finally:
            process.kill()
        output, _ = process.communicate()
    assert not ended_by_itself, output


def assert_patched_once(patchops: Patchops, host: LabHost) -> None:
    second = patchops.run(*PATCH)
    assert second.status == 0, second.output
    assert patchops.host(HOST)["effective"] == "yes"
    assert states(host).count("applied") == 1
    assert {name: count for name, count in Counter(upgrades(host)).items() if count != 1} == {}
    assert ("lab-slowapp", "1.1", "all") in host.packages()
    assert host.run("dpkg", "--audit") == ""


def test_killed_while_staging(lab: Lab, victim: LabHost, tmp_path: Path) -> None:
    without_the_bad_update(victim)
    patchops = Patchops(lab, tmp_path)
    faults.inject(lab, "slow-mirror", "2000000")
    kill_when(patchops, lambda: states(victim)[-1:] == ["staging"])
    faults.clear(lab, "slow-mirror", "mirror")
    assert_patched_once(patchops, victim)


def test_killed_while_unpacking(lab: Lab, victim: LabHost, tmp_path: Path) -> None:
    without_the_bad_update(victim)
    patchops = Patchops(lab, tmp_path)
    kill_when(patchops, lambda: states(victim)[-1:] == ["applying"] and len(upgrades(victim)) > 1)
    assert_patched_once(patchops, victim)


def test_killed_while_rebooting(lab: Lab, victim: LabHost, tmp_path: Path) -> None:
    without_the_bad_update(victim)
    patchops = Patchops(lab, tmp_path)
    kill_when(patchops, lambda: states(victim)[-1:] == ["applied"] and not victim.is_up())
    assert_patched_once(patchops, victim)


def test_killed_while_reverting(lab: Lab, victim: LabHost, tmp_path: Path) -> None:
    patchops = Patchops(lab, tmp_path)
    before = victim.packages()
    kill_when(patchops, lambda: states(victim)[-1:] == ["reverting"])
    second = patchops.run(*PATCH)
    assert second.status == 4, second.output
    outcome = patchops.host(HOST)["outcome"]
    assert outcome["class"] == "reverted", outcome
    assert states(victim)[-1] == "reverted"
    assert states(victim).count("applied") == 1
    assert victim.packages() == before
    assert victim.run("systemctl", "is-active", "lab-webapp").strip() == "active"
