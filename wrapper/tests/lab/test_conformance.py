# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every package manager's driver promises, on a real host of each distribution of the lab.

The packages are the lab's own: the same names and the same behaviour everywhere.
"""

from __future__ import annotations

from typing import Any

import pytest

from patchops_lab import faults
from patchops_lab.distributions import DISTRIBUTIONS
from patchops_lab.distributions.base import Distribution
from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.modules import run_module
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .calls import code_of

pytestmark = pytest.mark.lab

APPS = ("failapp", "goodapp", "killapp", "needsnew", "slowapp", "webapp")
GOODAPP: dict[str, Any] = {"state": "applied", "packages": ["lab-goodapp"]}


class Bench:
    """One host, its distribution, and the transactions on it."""

    def __init__(self, lab: Lab, host: LabHost) -> None:
        self.lab = lab
        self.host = host
        self.distribution: Distribution = DISTRIBUTIONS[host.record.spec.release]
        self.updates = self.distribution.updates_suite

    def transact(self, check: bool = False, **arguments: Any) -> dict[str, Any]:
        return run_module(self.lab, self.host.name, "transaction", arguments, check=check)

    def break_mirror(self, kind: str, app: str = "", suite: str = "") -> None:
        faults.inject(self.lab, kind, f"{suite or self.updates}{'/lab-' + app if app else ''}")

    def has(self, app: str, version: str) -> bool:
        return (f"lab-{app}", version, self.distribution.arch) in self.host.packages()

    def reasons(self) -> str:
        """Which packages are there for their own sake, as the package manager says it."""
        return self.host.run(*self.distribution.listing_reasons)

    def etc(self) -> str:
        return self.host.run("sh", "-c", "find /etc -xdev -type f -exec sha256sum {} + | sort -k 2")


@pytest.fixture(scope="module", params=DISTRIBUTIONS)
def its_lab(request: pytest.FixtureRequest, make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("host1", request.param, apps=APPS))


@pytest.fixture
def bench(its_lab: Lab) -> Bench:
    renew(its_lab)
    return Bench(its_lab, its_lab.host("host1"))


def changes_of(result: dict[str, Any]) -> set[tuple[str, str, str | None, str | None]]:
    return {(one["name"], one["action"], one["from"], one["to"]) for one in result["plan"]["packages"]}


def test_a_change_comes_as_planned_goes_back_to_the_same_list_and_sticks(bench: Bench) -> None:
    old, new = bench.distribution.old, bench.distribution.new
    bench.host.run(*bench.distribution.refreshing)
    before, reasons, files = bench.host.packages(), bench.reasons(), bench.etc()

    applied = bench.transact(state="applied", packages=["lab-goodapp", "lab-needsnew"])
    assert code_of(applied) == "applied", applied["outcome"]
    assert changes_of(applied) == {
        ("lab-goodapp", "upgrade", old, new),
        ("lab-needsnew", "upgrade", old, new),
        ("lab-newcomer", "install", None, new),
    }
    arch = bench.distribution.arch
    gone = {("lab-goodapp", old, arch), ("lab-needsnew", old, arch)}
    come = {(f"lab-{app}", new, arch) for app in ("goodapp", "needsnew", "newcomer")}
    assert bench.host.packages() == (before - gone) | come

    reverted = bench.transact(state="reverted")
    assert code_of(reverted) == "taken_back", reverted["outcome"]
    assert bench.host.packages() == before
    assert bench.reasons() == reasons
    assert bench.host.run("systemctl", "is-active", "lab-goodapp").strip() == "active"

    bench.host.run(*bench.distribution.upgrading("lab-goodapp"))
    assert bench.has("goodapp", old), "the host's own updater brought it back"

    assert code_of(bench.transact(state="committed")) == "committed"
    after = bench.etc()
    bench.host.run(*bench.distribution.upgrading("lab-goodapp"))
    assert bench.has("goodapp", new), "the host's own updater is still kept from it"
    assert after == files


def test_check_mode_changes_nothing_and_a_second_run_neither(bench: Bench) -> None:
    before = bench.host.packages()
    planned = bench.transact(check=True, **GOODAPP)
    assert code_of(planned) == "planned", planned["outcome"]
    assert bench.host.packages() == before
    first = bench.transact(**GOODAPP)
    assert changes_of(first) == changes_of(planned)
    second = bench.transact(**GOODAPP)
    assert (code_of(second), second["changed"]) == ("nothing_to_do", False)
    assert second["transaction"] == first["transaction"]


def test_a_package_whose_script_fails_is_taken_back(bench: Bench) -> None:
    before = bench.host.packages()
    result = bench.transact(state="applied", packages=["lab-failapp"])
    assert code_of(result) == "install_taken_back", result["outcome"]
    assert "lab-failapp" in result["outcome"]["message"]
    assert bench.host.packages() == before


def test_a_package_manager_that_is_killed_leaves_the_former_list(bench: Bench) -> None:
    before = bench.host.packages()
    result = bench.transact(state="applied", packages=["lab-killapp"])
    assert code_of(result) == "install_taken_back", result["outcome"]
    assert bench.host.packages() == before
    found = run_module(bench.lab, "host1", "transaction", {"state": "applied", "packages": ["lab-goodapp"]})
    assert code_of(found) == "applied", found["outcome"]


def test_a_worker_that_is_killed_while_it_installs_is_taken_over(bench: Bench) -> None:
    bench.host.run("sh", "-c", "echo 6 > /etc/lab-slowapp.seconds")
    started = bench.transact(state="applied", packages=["lab-slowapp"], wait=False)
    directory = started["transaction"]["journal"].rpartition("/")[0]
    bench.host.run("sh", "-c", "until pgrep -x sleep; do sleep 0.1; done")
    bench.host.run("sh", "-c", f"kill -9 $(pgrep -o -f {directory}/payload.zip)")
    result = bench.transact(state="applied", packages=["lab-slowapp"])
    assert code_of(result) == "applied", result["outcome"]
    assert result["transaction"]["id"] == started["transaction"]["id"]
    assert bench.has("slowapp", bench.distribution.new)
    assert not bench.has("slowapp", bench.distribution.old)


def test_a_dead_mirror_is_not_nothing_to_do(bench: Bench) -> None:
    faults.inject(bench.lab, "mirror-error", "503")
    result = bench.transact(**GOODAPP)
    assert code_of(result) == "repository_unreadable", result["outcome"]
    assert bench.has("goodapp", bench.distribution.old)


def test_what_appears_after_staging_is_not_installed(bench: Bench) -> None:
    staged = bench.transact(state="staged", packages=["lab-goodapp"])
    assert code_of(staged) == "staged", staged["outcome"]
    bench.break_mirror("newer", "goodapp")
    bench.host.run(*bench.distribution.refreshing)
    applied = bench.transact(**GOODAPP)
    assert applied["transaction"]["id"] == staged["transaction"]["id"]
    assert bench.has("goodapp", bench.distribution.new)


def test_without_the_old_version_anywhere_nothing_is_changed(bench: Bench) -> None:
    bench.break_mirror("old-withdrawn", "goodapp", bench.distribution.installed_suite)
    before = bench.host.packages()
    result = bench.transact(**GOODAPP)
    assert code_of(result) == "no_way_back", result["outcome"]
    assert bench.host.packages() == before


@pytest.mark.parametrize(
    ("kind", "app", "codes"),
    [
        ("flipped-bytes", "goodapp", ("checksum_mismatch", "download_failed")),
        ("missing-file", "goodapp", ("download_failed",)),
        ("bad-signature", "", ("repository_unsigned",)),
    ],
)
def test_what_the_mirror_spoiled_is_not_installed(
    bench: Bench, kind: str, app: str, codes: tuple[str, ...]
) -> None:
    bench.break_mirror(kind, app)
    result = bench.transact(**GOODAPP)
    assert code_of(result) in codes, result["outcome"]
    assert bench.has("goodapp", bench.distribution.old)


def test_a_package_that_is_held_on_the_host_leaves_the_plan(bench: Bench) -> None:
    bench.host.run(*bench.distribution.holding("lab-goodapp"))
    result = bench.transact(check=True, state="applied", select="all")
    assert ("lab-goodapp", "held on the host") in {
        (one["name"], one["reason"]) for one in result["plan"]["held"]
    }
    planned = {one["name"] for one in result["plan"]["packages"]}
    assert "lab-goodapp" not in planned
    assert "lab-webapp" in planned
