# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed package manager left is cleared where a change was cut off, and asked after nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    FakeDriver,
    FakeHost,
    Killed,
)

EVERY_FILE = {
    "bash_1_amd64.deb",
    "bash_2_amd64.deb",
    "libx_1_amd64.deb",
    "libx_2_amd64.deb",
    "newdep_1_amd64.deb",
}


class LeavingDriver(FakeDriver):
    """A package manager that leaves `scratch` behind when it is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch: list[str] = []
        self.asked: list[set[str]] = []

    def clear_scratch(self, files: list[str]) -> list[str]:
        self.asked.append({Path(one).name for one in files})
        found, self.scratch = self.scratch, []
        return found

    def cut_off(self, how: BaseException) -> None:
        """Be killed in the next change, with a file not whole."""

        def trip() -> None:
            self.trip = lambda: None
            self.scratch = ["/usr/bin/bash;67405d2a"]
            raise how

        self.trip = trip


@pytest.fixture
def driver(host: FakeHost) -> LeavingDriver:
    host.driver = LeavingDriver()
    return host.driver


def steps(host: FakeHost) -> list[dict[str, Any]]:
    entries = [one for kept in host.journals() for one in kept.entries()]
    return [one for one in entries if one.get("step") == "scratch_removed"]


def test_an_ordinary_change_and_its_way_back_ask_for_nothing(host: FakeHost, driver: LeavingDriver) -> None:
    assert host.code("applied") == "applied"
    assert host.code("reverted") == "taken_back"
    assert driver.asked == []


@pytest.mark.parametrize(("goal", "code"), [("applied", "applied"), ("reverted", "taken_back")])
def test_what_a_crash_left_goes_on_either_way_and_the_journal_says_what_it_was(
    host: FakeHost, driver: LeavingDriver, goal: str, code: str
) -> None:
    host.call("staged")
    driver.cut_off(Killed())
    host.call("applied")
    assert driver.scratch
    assert host.code(goal) == code
    assert driver.scratch == []
    assert driver.asked[0] == EVERY_FILE
    assert [(one["count"], one["files"]) for one in steps(host)] == [(1, ["/usr/bin/bash;67405d2a"])]


def test_a_crash_on_the_way_back_is_cleared_too(host: FakeHost, driver: LeavingDriver) -> None:
    host.call("applied")
    driver.cut_off(Killed())
    host.call("reverted")
    assert host.code("reverted") == "taken_back"
    assert (driver.scratch, len(steps(host))) == ([], 1)


def test_a_package_manager_killed_before_its_first_package_was_whole_has_left_nothing(
    host: FakeHost, driver: LeavingDriver
) -> None:
    host.call("staged")
    driver.cut_off(DriverError("install_failed", "dnf was killed (signal 9)."))
    assert host.code("applied") == "unsatisfiable"
    assert (driver.scratch, driver.packages, len(steps(host))) == ([], FORMER, 1)


def test_a_package_manager_killed_on_the_way_back_has_left_nothing(
    host: FakeHost, driver: LeavingDriver
) -> None:
    host.call("applied")
    driver.cut_off(DriverError("install_failed", "dnf was killed (signal 9)."))
    assert host.code("reverted") == "taken_back"
    assert (driver.scratch, driver.packages, len(steps(host))) == ([], FORMER, 1)
