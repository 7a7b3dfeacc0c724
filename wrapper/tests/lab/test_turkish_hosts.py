# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that speak Turkish: their capital of i is another letter than I, in every program that asks libc."""

from __future__ import annotations

import pytest

from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

pytestmark = [pytest.mark.lab, pytest.mark.faults]

SECURITY = {"state": "applied", "select": "security"}


def test_hosts_that_speak_turkish_are_planned_patched_and_taken_back(make_lab: MakeLab) -> None:
    lab = make_lab(
        HostSpec("bookworm", apps=("goodapp",), packages=("locales",)),
        HostSpec("rocky", "rocky9", apps=("goodapp",), packages=("locales",)),
    )
    for host in map(lab.host, ("bookworm", "rocky")):
        host.run("localedef", "-i", "tr_TR", "-f", "UTF-8", "tr_TR.UTF-8")
        host.run("sh", "-c", "echo LC_ALL=tr_TR.UTF-8 >> /etc/environment")
        assert '"TRY "' in host.ssh("locale -k int_curr_symbol")
        before = host.packages()

        planned = run_module(lab, host.name, "transaction", SECURITY, check=True)
        assert planned["outcome"]["code"] == "planned", planned["outcome"]
        names = {one["name"] for one in planned["plan"]["packages"]}
        applied = run_module(lab, host.name, "transaction", SECURITY)
        assert applied["outcome"]["code"] == "applied", applied["outcome"]
        assert {name for name, _version, _arch in host.packages() - before} == names

        reverted = run_module(lab, host.name, "transaction", {"state": "reverted"})
        stays = {one["name"] for one in applied["way_back"]["forward_only"]}
        assert reverted["outcome"]["code"] == ("taken_back_partly" if stays else "taken_back")
        assert {name for name, _version, _arch in host.packages() - before} == stays
