# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The confirmation of a change that comes with a kernel, and over a bastion that dies meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patchops_lab import faults
from patchops_lab.distributions import rpm_apps
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.plays import Plays, wait_until
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .evidence import etc, journal, states

pytestmark = [pytest.mark.lab, pytest.mark.faults]

# Seconds; what a person would be given is 15 minutes.
WANTED: dict[str, Any] = {"confirm_within": 25, "access_packages": ["lab-*app"]}
KERNELS = {"behind": "linux-image-cloud-amd64", "rocky": rpm_apps.KERNEL}


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    apps = ("goodapp", "lockoutapp", "slowapp")
    return make_lab(
        HostSpec("jump"),
        HostSpec("behind", bastion="jump", kernel=True, apps=apps),
        HostSpec("rocky", "rocky9", kernel=True, apps=apps),
    )


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def events(lab: Lab, name: str) -> list[str]:
    return [entry["event"] for entry in journal(lab.host(name))]


@pytest.mark.parametrize("name", ["rocky", "behind"])
def test_a_kernel_that_came_with_a_lockout_goes_with_it(lab: Lab, plays: Plays, name: str) -> None:
    host = lab.host(name)
    before, settings = host.packages(), etc(host)
    run = plays.run("patch", hosts=name, packages=[KERNELS[name], "lab-lockoutapp"], **WANTED)
    entry = run.host(name)
    assert entry["outcome"]["code"] == "not_confirmed", run.output
    assert entry["confirm"]["by"] == ["lab-lockoutapp"]
    assert host.packages() == before
    plays.run("cleanup", hosts=name)
    assert etc(host) == settings


@pytest.mark.parametrize("name", ["rocky", "behind"])
def test_a_host_left_alone_in_the_reboot_into_its_new_kernel_goes_back_with_the_kernel(
    lab: Lab, plays: Plays, name: str
) -> None:
    host = lab.host(name)
    before, starts = host.packages(), host.state().starts
    wanted = {"packages": [KERNELS[name], "lab-goodapp"], "reboot": "always", **WANTED}
    plays.kill_when(lambda: host.state().starts > starts, "patch", hosts=name, **wanted)
    host.wait_until_up()
    wait_until(lambda: "reverted" in states(host))
    assert events(lab, name).count("armed") == 2
    assert host.packages() == before
    again = plays.run("patch", hosts=name, **wanted)
    assert again.host(name)["outcome"]["class"] == "reverted", again.output
    assert host.packages() == before


def test_a_host_whose_bastion_dies_before_the_confirmation_goes_back_and_says_why(
    lab: Lab, plays: Plays
) -> None:
    host = lab.host("behind")
    before = host.packages()
    host.run("sh", "-c", "echo 10 > /etc/lab-slowapp.seconds")
    wanted = {"packages": ["lab-goodapp", "lab-slowapp"], **WANTED}
    process, _run_id = plays.start("patch", hosts="behind", **wanted)
    wait_until(lambda: "armed" in events(lab, "behind"))
    faults.inject(lab, "bastion-dead", "behind")
    wait_until(lambda: "reverted" in states(host))
    assert host.packages() == before
    faults.clear(lab, "bastion-dead", "behind")
    output, _nothing = process.communicate(timeout=900)

    told = run_module(lab, "behind", "transaction_info", {"wait_seconds": 0})
    assert told["outcome"]["code"] == "not_confirmed", output
    again = plays.run("patch", hosts="behind", **wanted)
    assert again.host("behind")["outcome"]["class"] == "reverted", again.output
    assert host.packages() == before
