# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes while rpm unpacks: it leaves half-written files beside their places and forgets them."""

from __future__ import annotations

from typing import Any

import pytest

from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .calls import code_of, transact

pytestmark = pytest.mark.lab

# The others drive the same rpm, and take their time.
RELEASES = ("rocky9", "fedora42", "sles15")
REPEATED = [pytest.param(release, marks=pytest.mark.faults) for release in RELEASES[1:]]
# The package manager gets on by moments and is looked at in between: it can't be done before anybody sees it.
# What is to be stopped is read and no argument: this would stop itself. Fails after half a minute or so.
STOP_UNPACKING = r"""
read -r changing
for _ in $(seq 600); do
    pkill -STOP -f "$changing"
    for file in /usr/share/lab-bulkapp/*\;*; do
        [ -e "$file" ] && exit 0
    done
    pkill -CONT -f "$changing"
    sleep 0.02
done
exit 1
"""
BULK: dict[str, Any] = {"state": "applied", "packages": ["lab-bulkapp"]}


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(*(HostSpec(release, release, apps=("bulkapp",)) for release in RELEASES))


def cut_power_while_unpacking(lab: Lab, host: LabHost, **arguments: Any) -> None:
    """Begin a change of lab-bulkapp; the host is up again when this returns."""
    transact(lab, host.name, wait=False, **arguments)
    host.run("sh", "-c", STOP_UNPACKING, stdin=DISTRIBUTIONS[host.name].changing)
    host.kill()
    host.start()
    host.wait_until_up()
    assert "/usr/share/lab-bulkapp/" in half_written(host)


def half_written(host: LabHost) -> str:
    return host.run("find", "/etc", "/opt", "/usr", "-name", "*;*")


@pytest.mark.parametrize("name", [RELEASES[0], *REPEATED])
def test_nothing_half_written_is_left_when_the_change_goes_on_and_when_it_goes_back(
    lab: Lab, name: str
) -> None:
    host = lab.host(name)
    before = host.packages()
    cut_power_while_unpacking(lab, host, **BULK)
    applied = transact(lab, name, **BULK)
    assert code_of(applied) == "applied", applied["outcome"]
    assert half_written(host) == ""
    assert '"step": "scratch_removed"' in host.run("cat", applied["transaction"]["journal"])

    cut_power_while_unpacking(lab, host, state="reverted")
    reverted = transact(lab, name, state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert half_written(host) == ""
    assert host.packages() == before
    assert host.run("rpm", "--verify", "lab-bulkapp") == ""
