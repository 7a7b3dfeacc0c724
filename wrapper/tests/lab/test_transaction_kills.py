# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker and package manager are killed in each state; the next call ends what was begun."""

import time
from typing import Any

import pytest

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab

from .calls import transact

pytestmark = pytest.mark.lab

# With apt and dpkg, which stay otherwise: to be exactly as before is what is held here.
EVERYTHING: dict[str, Any] = {
    "select": "all",
    "way_back_classes": [{"packages": ["*"], "class": "revertible"}],
}


def begin_and_kill(lab: Lab, host: LabHost, step: str, seconds: float, **arguments: Any) -> None:
    """Start a call, wait for a step in its journal and some seconds more, and kill everything that works."""
    transact(lab, host.name, wait=False, **arguments)
    journals = "/var/lib/patchops/transactions"
    ends = time.monotonic() + 300
    while host.try_run("grep", "-rqs", f'"step": "{step}"', journals).returncode != 0:
        assert time.monotonic() < ends, f"{step} was not reached"
        time.sleep(0.05)
    time.sleep(seconds)
    host.try_run("pkill", "-9", "-f", "payload.zip")
    host.try_run("pkill", "-9", "-x", "dpkg")


@pytest.mark.faults
@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_killed_in_every_state_a_host_still_gets_there_and_back(fresh_lab: Lab, release: str) -> None:
    host = fresh_lab.host(release)
    before = host.packages()

    begin_and_kill(fresh_lab, host, "download", 0, state="staged", **EVERYTHING)
    staged = transact(fresh_lab, release, state="staged", **EVERYTHING)
    assert staged["outcome"]["code"] == "staged", staged["outcome"]
    assert host.packages() == before

    begin_and_kill(fresh_lab, host, "install", 2, state="applied", **EVERYTHING)
    applied = transact(fresh_lab, release, state="applied", **EVERYTHING)
    assert applied["outcome"]["code"] in ("applied", "nothing_to_do"), applied["outcome"]
    journal = host.run("cat", applied["transaction"]["journal"])
    assert journal.count('"state": "applied"') == 1

    begin_and_kill(fresh_lab, host, "put_back", 2, state="reverted")
    reverted = transact(fresh_lab, release, state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before
    assert host.run("dpkg", "--audit") == ""


def test_killed_between_two_packages_of_which_one_needs_the_other_it_goes_on(fresh_lab: Lab) -> None:
    """dpkg asks nobody who needs the version that it replaces; apt won't begin where something is unmet."""
    host = fresh_lab.host("bullseye")
    before = host.packages()

    begin_and_kill(fresh_lab, host, "install", 0, state="applied", **EVERYTHING)
    # It holds its lock until it is gone, which is a moment after it was killed.
    host.run("timeout", "60", "sh", "-c", "while pkill -9 -x apt-get; do sleep 0.1; done")
    host.run("sh", "-c", "dpkg --install /var/lib/patchops/transactions/*/packages/lab-exactbase_*.deb")
    assert "lab-exactuser : Depends" in host.try_run("apt-get", "check").stdout
    applied = transact(fresh_lab, host.name, state="applied", **EVERYTHING)
    assert applied["outcome"]["code"] == "applied", applied["outcome"]

    reverted = transact(fresh_lab, host.name, state="reverted")
    assert reverted["outcome"]["code"] == "taken_back", reverted["outcome"]
    assert host.packages() == before
