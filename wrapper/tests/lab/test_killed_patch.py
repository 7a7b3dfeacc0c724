# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops patch` is killed hard at the worst moments: the second call ends what the first one began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops_lab import faults
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .command import Command, wait_until
from .evidence import states, upgrades

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("killed-patch")]

HOST = "victim"
GOOD = ("--limit", HOST, "--package", "lab-slowapp", "--package", "lab-goodapp", "--reboot", "always")
BAD = (*GOOD, "--package", "lab-webapp", "--budget", "1")
EVERYTHING = ("--limit", HOST, "--select", "security", "--reboot", "always")


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec(HOST, apps=("slowapp", "goodapp", "webapp")))


@pytest.fixture
def victim(lab: Lab) -> LabHost:
    renew(lab)
    host = lab.host(HOST)
    host.run("sh", "-c", "echo 4 > /etc/lab-slowapp.seconds")
    return host


@pytest.fixture
def patchops(lab: Lab, tmp_path: Path) -> Command:
    return Command(lab, tmp_path)


def kill_when(patchops: Command, arguments: tuple[str, ...], reached: Callable[[], bool]) -> None:
    process = patchops.start("patch", *arguments)
    try:
        wait_until(lambda: reached() or process.poll() is not None, seconds=300)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.kill()
        process.communicate()


def assert_ended_and_done_once(patchops: Command, arguments: tuple[str, ...], host: LabHost) -> None:
    status, hosts = patchops.report("patch", *arguments)
    assert (status, hosts[HOST]["effective"]) == (0, "yes"), hosts
    assert states(host).count("applied") == 1
    assert {name: count for name, count in Counter(upgrades(host)).items() if count != 1} == {}
    assert ("lab-slowapp", "1.1", "all") in host.packages()
    assert host.run("dpkg", "--audit") == ""


def test_killed_while_staging(lab: Lab, victim: LabHost, patchops: Command) -> None:
    # With the indexes on the host already only the packages crawl.
    victim.run("apt-get", "update")
    faults.inject(lab, "slow-mirror", "1000")
    kill_when(patchops, GOOD, lambda: states(victim)[-1:] == ["staging"])
    faults.clear(lab, "slow-mirror", "1000")
    assert_ended_and_done_once(patchops, GOOD, victim)


def test_killed_while_unpacking(victim: LabHost, patchops: Command) -> None:
    victim.run("apt-mark", "hold", "lab-webapp")
    kill_when(
        patchops,
        EVERYTHING,
        lambda: states(victim)[-1:] == ["applying"] and len(upgrades(victim)) > 1,
    )
    assert_ended_and_done_once(patchops, EVERYTHING, victim)


def test_killed_while_rebooting(victim: LabHost, patchops: Command) -> None:
    kill_when(patchops, GOOD, lambda: states(victim)[-1:] == ["applied"] and not victim.is_up())
    assert_ended_and_done_once(patchops, GOOD, victim)


def test_killed_while_reverting(victim: LabHost, patchops: Command) -> None:
    before = victim.packages()
    kill_when(patchops, BAD, lambda: states(victim)[-1:] == ["reverting"])
    status, hosts = patchops.report("patch", *BAD)
    assert (status, hosts[HOST]["outcome"]["class"]) == (4, "reverted"), hosts
    assert states(victim)[-1] == "reverted"
    assert states(victim).count("applied") == 1
    assert victim.packages() == before
    assert victim.run("systemctl", "is-active", "lab-webapp").strip() == "active"
