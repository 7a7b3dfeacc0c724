# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An update after which nobody can log in: the host takes it back by itself, whoever has left it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.plays import Plays, wait_until
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .evidence import journal, states

pytestmark = pytest.mark.lab

NAMES = ("bookworm", "rocky")
LOGINS = ["lab-*app"]
# Seconds; what a person would be given is 15 minutes.
SHORT = 20
# Where it is confirmed, on a busy machine too.
LONG = 600
UNIT = "patchops-confirm-"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    apps = ("goodapp", "lockoutapp", "slowapp")
    return make_lab(HostSpec("bookworm", apps=apps), HostSpec("rocky", "rocky9", apps=apps))


@pytest.fixture
def plays(lab: Lab, tmp_path: Path) -> Plays:
    renew(lab)
    return Plays(lab.paths.inventory, tmp_path)


def etc(host: LabHost) -> list[str]:
    """What is in /etc: each file's digest, where each link leads."""
    links = host.run("find", "/etc", "-type", "l", "-printf", "%p -> %l\\n")
    files = host.run("find", "/etc", "-type", "f", "-exec", "sha256sum", "{}", "+")
    return sorted([*links.splitlines(), *files.splitlines()])


def events(host: LabHost) -> list[str]:
    return [entry["event"] for entry in journal(host)]


def apply_and_leave(lab: Lab, host: str, *packages: str) -> None:
    """Start a change and never ask again."""
    result = run_module(
        lab,
        host,
        "transaction",
        {
            "state": "applied",
            "packages": list(packages),
            "wait": False,
            "confirm_within": SHORT,
            "access_packages": LOGINS,
        },
    )
    assert result["outcome"]["code"] in ("started", "applied"), result


def test_an_update_that_lets_nobody_in_is_taken_back_by_the_host(lab: Lab, plays: Plays) -> None:
    hosts = [lab.host(name) for name in NAMES]
    before = {host.name: (host.packages(), etc(host)) for host in hosts}
    wanted = {"packages": ["lab-lockoutapp"], "confirm_within": SHORT, "access_packages": LOGINS}

    run = plays.run("patch", hosts="all", **wanted)
    for host in hosts:
        entry = run.host(host.name)
        assert entry["outcome"]["code"] == "not_confirmed", run.output
        assert "nobody logged in anew and confirmed it" in entry["outcome"]["message"]
        assert (entry["confirm"]["by"], entry["confirm"]["state"]) == (["lab-lockoutapp"], "unconfirmed")
        assert "unconfirmed" in events(host)
        host.ssh("true")
    assert {host.name: host.packages() for host in hosts} == {name: was[0] for name, was in before.items()}

    again = plays.run("patch", hosts="all", **wanted)
    assert {entry["outcome"]["class"] for entry in again.report["hosts"]} == {"reverted"}, again.output
    plays.run("cleanup", hosts="all")
    assert {host.name: etc(host) for host in hosts} == {name: was[1] for name, was in before.items()}


def test_an_update_after_which_one_can_log_in_is_confirmed_and_stays(lab: Lab, plays: Plays) -> None:
    hosts = [lab.host(name) for name in NAMES]
    before = {host.name: etc(host) for host in hosts}
    run = plays.run(
        "patch", hosts="all", packages=["lab-goodapp"], confirm_within=LONG, access_packages=LOGINS
    )
    assert set(run.classes().values()) == {"ok"}, run.output
    for host in hosts:
        assert run.host(host.name)["confirm"]["state"] == "confirmed"
        assert events(host).count("armed") == events(host).count("confirmed") == 1
    assert {host.name: etc(host) for host in hosts} == before
    # Nobody waits any more, also not after the time that was given.
    assert [host.try_run("pgrep", "--full", "payload.zip.*watch").stdout for host in hosts] == ["", ""]


def test_a_host_that_everybody_has_left_goes_back_over_a_power_cut_and_a_reboot(
    lab: Lab, plays: Plays
) -> None:
    cut, rebooted = (lab.host(name) for name in NAMES)
    before = {host.name: host.packages() for host in (cut, rebooted)}
    cut.run("sh", "-c", "echo 300 > /etc/lab-slowapp.seconds")

    apply_and_leave(lab, cut.name, "lab-lockoutapp", "lab-slowapp")
    wait_until(lambda: cut.try_run("pgrep", "-x", "sleep").returncode == 0)
    cut.kill()
    cut.start()
    cut.run("rm", "/etc/lab-slowapp.seconds")
    wanted = {"packages": ["lab-goodapp"], "confirm_within": SHORT, "access_packages": LOGINS}
    plays.kill_when(lambda: "applying" in states(rebooted), "patch", hosts="rocky", **wanted)
    wait_until(lambda: "applied" in states(rebooted))
    boot = rebooted.boot_id()
    rebooted.reboot()
    assert rebooted.boot_id() != boot

    for host in (cut, rebooted):
        wait_until(lambda host=host: "reverted" in states(host))  # type: ignore[misc]
        wait_until(lambda host=host: UNIT not in "".join(etc(host)))  # type: ignore[misc]
        assert host.packages() == before[host.name]
        host.ssh("true")
        told = run_module(lab, host.name, "transaction_info", {"wait_seconds": 0})
        assert told["outcome"]["code"] == "not_confirmed"
        assert told["confirm"]["state"] == "unconfirmed"
    run = plays.run("patch", hosts="rocky", **wanted)
    assert run.host("rocky")["outcome"]["class"] == "reverted", run.output
