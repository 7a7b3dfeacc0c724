# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package manager passes over is named with what makes it do so, by the scan and by the plan."""

from __future__ import annotations

import pytest

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab

from .calls import code_of, scan, transact

pytestmark = pytest.mark.lab

PREFERENCES = "/etc/apt/preferences.d/administrators"


def write(host: LabHost, path: str, text: str) -> None:
    host.run("tee", path, stdin=text)


def hold_all_but(host: LabHost, *names: str) -> None:
    """Hold whatever is pending on a Debian host, but for `names`: what comes then takes a moment."""
    pending = host.run("apt-get", "-s", "dist-upgrade").splitlines()
    others = {line.split()[1] for line in pending if line.startswith("Inst ")} - set(names)
    host.run("apt-mark", "hold", *sorted(others))


@pytest.mark.parametrize("release", ["bullseye", "trixie"])
def test_what_apt_would_take_back_to_an_older_version_stays_and_the_rest_is_applied(
    fresh_lab: Lab, release: str
) -> None:
    host = fresh_lab.host(release)
    host.run("apt-get", "update")
    host.run("apt-get", "install", "-y", "lab-many01=1.1")
    hold_all_but(host, "lab-many02")
    write(host, PREFERENCES, "Package: lab-many01\nPin: version 1.0\nPin-Priority: 1001\n")
    staged = transact(fresh_lab, release, state="staged", select="all")
    assert code_of(staged) == "staged", staged["outcome"]
    assert [one["name"] for one in staged["plan"]["packages"]] == ["lab-many02"]
    [kept] = [one for one in staged["plan"]["held"] if one["name"] == "lab-many01"]
    assert (kept["cause"], "prefers the older 1.0" in kept["reason"]) == ("older", True)
    applied = transact(fresh_lab, release, state="applied", select="all")
    assert code_of(applied) == "applied", applied["outcome"]
    assert {("lab-many01", "1.1", "all"), ("lab-many02", "1.1", "all")} <= host.packages()


def test_security_updates_behind_the_default_release_are_named_and_the_answer_is_not_clean(
    fresh_lab: Lab,
) -> None:
    host = fresh_lab.host("trixie")
    write(host, "/etc/apt/apt.conf.d/99release", 'APT::Default-Release "trixie";\n')
    scanned = scan(fresh_lab, "trixie")
    pending = scanned["host"]["pending"]
    assert (pending["kept_back"], pending["security"]) == (pending["total"], pending["total"])
    assert "kept back by APT::Default-Release" in scanned["summary"]
    for selection in ({"select": "security"}, {"select": "all"}, {"packages": ["lab-goodapp"]}):
        refused = transact(fresh_lab, "trixie", state="applied", **selection)
        assert code_of(refused) == "security_kept_back", refused["outcome"]
        assert 'APT::Default-Release is "trixie"' in refused["outcome"]["message"]
        assert "Pin-Priority: 990" in refused["outcome"]["remedy"]
        causes = {one["name"]: one["cause"] for one in refused["plan"]["held"]}
        assert causes["lab-goodapp"] == "default_release"


def test_a_security_update_that_a_pin_keeps_away_is_named_beside_what_comes(fresh_lab: Lab) -> None:
    host = fresh_lab.host("trixie")
    host.run("apt-get", "update")
    hold_all_but(host, "lab-goodapp", "lab-many02")
    write(host, PREFERENCES, "Package: lab-goodapp\nPin: version 1.1\nPin-Priority: -1\n")
    planned = transact(fresh_lab, "trixie", check=True, state="applied", select="security")
    assert [one["name"] for one in planned["plan"]["packages"]] == ["lab-many02"]
    [kept] = [one for one in planned["plan"]["held"] if one["name"] == "lab-goodapp"]
    assert (kept["cause"], kept["security"]) == ("pin", True)
