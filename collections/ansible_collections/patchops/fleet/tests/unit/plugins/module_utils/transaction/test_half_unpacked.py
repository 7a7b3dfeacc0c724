# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that the power was cut from while it was unpacked.

`dpkg --configure -a` doesn't finish it and doesn't complain of it, and apt takes it for installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeDriver,
    FakeHost,
    Killed,
    _read,
)


class CutOffDriver(FakeDriver):
    """Its `half_unpacked` packages are whole again when another version comes, else only by force."""

    def __init__(self) -> None:
        super().__init__()
        self.half_unpacked: set[str] = set()
        self.forced: list[list[str]] = []
        self.failing_force = 0

    def broken(self) -> dict[str, Any]:
        found = super().broken()
        cut = [{"name": name, "arch": "amd64", "state": "reinstreq"} for name in sorted(self.half_unpacked)]
        reason = found["reason"] or ("cut off: " + ", ".join(self.half_unpacked) if cut else None)
        return {"interrupted": bool(reason), "packages": found["packages"] + cut, "reason": reason}

    def install(self, files: list[str], removals: list[str], allow_downgrades: bool, log: str) -> None:
        missing = [path for path in files if _read(path) not in self.packages]
        super().install(missing, removals, allow_downgrades, log)
        self.half_unpacked -= {_read(path)[0] for path in missing}

    def put_back_by_force(self, files: list[str], removals: list[str], log: str) -> None:
        packages = [_read(path) for path in files]
        self.forced.append([name for name, _arch, _version in packages])
        if self.failing_force:
            self.failing_force -= 1
            raise DriverError("revert_failed", "dpkg failed")
        FakeDriver.install(self, files, removals, True, log)
        self.half_unpacked -= {name for name, _arch, _version in packages}


def kill() -> None:
    raise Killed


@pytest.fixture
def cut_off(host: FakeHost) -> Callable[[str, str], CutOffDriver]:
    """Cuts the power while a package is unpacked, and says which version dpkg names of it then."""

    def cut(name: str, version: str) -> CutOffDriver:
        driver = CutOffDriver()
        host.driver = driver
        host.call("staged")
        driver.trip = kill
        host.call("applied")
        driver.trip = lambda: None
        driver.packages = {one for one in FORMER if one[0] != name} | {(name, "amd64", version)}
        driver.half_unpacked = {name}
        return driver

    return cut


@pytest.mark.parametrize(("version", "forced"), [("1", []), ("2", [["bash"]])])
def test_the_next_call_goes_on(
    host: FakeHost, cut_off: Callable[[str, str], CutOffDriver], version: str, forced: list[list[str]]
) -> None:
    driver = cut_off("bash", version)
    assert host.code("applied") == "applied"
    assert (driver.packages, driver.half_unpacked, driver.forced) == (PLANNED, set(), forced)


@pytest.mark.parametrize(("version", "forced"), [("1", [["bash"]]), ("2", [])])
def test_it_is_put_back(
    host: FakeHost, cut_off: Callable[[str, str], CutOffDriver], version: str, forced: list[list[str]]
) -> None:
    driver = cut_off("bash", version)
    assert host.code("reverted") == "taken_back"
    assert (driver.packages, driver.half_unpacked, driver.forced) == (FORMER, set(), forced)


@pytest.mark.parametrize(("goal", "version"), [("applied", "2"), ("reverted", "1")])
def test_force_that_fails_once_is_used_again(
    host: FakeHost, cut_off: Callable[[str, str], CutOffDriver], goal: str, version: str
) -> None:
    driver = cut_off("bash", version)
    driver.failing_force = 1
    host.call(goal)
    assert driver.packages == {"applied": PLANNED, "reverted": FORMER}[goal]
    assert (driver.half_unpacked, len(driver.forced)) == (set(), 2)


def test_what_no_force_installs_is_taken_back(
    host: FakeHost, cut_off: Callable[[str, str], CutOffDriver]
) -> None:
    driver = cut_off("bash", "2")
    driver.failing_force = 3
    assert host.code("applied") == "install_taken_back"
    assert (driver.packages, driver.half_unpacked) == (FORMER, set())


def test_what_no_force_puts_back_is_mixed_and_the_next_call_tries_again(
    host: FakeHost, cut_off: Callable[[str, str], CutOffDriver]
) -> None:
    driver = cut_off("bash", "1")
    driver.failing_force = 3
    failed = host.call("reverted")
    assert (failed["outcome"]["code"], failed["host_state"]) == ("state_mixed", "mixed")
    assert "bash" in failed["outcome"]["message"]
    assert host.code("reverted") == "taken_back"
    assert (driver.packages, driver.half_unpacked) == (FORMER, set())


class MixedFilesDriver(CutOffDriver):
    """To rpm, a package that was cut off is the former one, and nothing is half done."""

    def broken(self) -> dict[str, Any]:
        return FakeDriver.broken(self)

    def altered(self, packages: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        return {one for one in packages if one in self.packages and one[0] in self.half_unpacked}


@pytest.fixture
def mixed_files(host: FakeHost) -> MixedFilesDriver:
    """A host that was cut off while bash got its new files."""
    driver = MixedFilesDriver()
    host.driver = driver
    host.call("staged")
    driver.trip = kill
    host.call("applied")
    driver.trip = lambda: None
    driver.half_unpacked = {"bash"}
    return driver


def test_files_of_two_versions_are_not_taken_for_the_former_ones(
    host: FakeHost, mixed_files: MixedFilesDriver
) -> None:
    assert mixed_files.packages == FORMER
    assert host.code("reverted") == "taken_back"
    assert (mixed_files.half_unpacked, mixed_files.forced) == (set(), [["bash"]])


def test_files_of_two_versions_that_stay_so_are_mixed(host: FakeHost, mixed_files: MixedFilesDriver) -> None:
    mixed_files.failing_force = 1
    failed = host.call("reverted")
    assert (failed["outcome"]["code"], failed["host_state"]) == ("state_mixed", "mixed")
    assert host.code("reverted") == "taken_back"
    assert mixed_files.half_unpacked == set()


def test_a_package_manager_that_was_killed_in_a_package_has_changed_something(host: FakeHost) -> None:
    driver = MixedFilesDriver()
    host.driver = driver
    host.call("staged")

    def killed_in_bash() -> None:
        driver.trip = lambda: None
        driver.half_unpacked = {"bash"}
        raise DriverError("install_failed", "dnf was killed (signal 9).")

    driver.trip = killed_in_bash
    assert host.code("applied") == "install_taken_back"
    assert (driver.half_unpacked, driver.forced) == (set(), [["bash"]])


def test_nothing_is_forced_where_nothing_was_cut_off(host: FakeHost) -> None:
    host.driver = CutOffDriver()
    assert host.code("applied") == "applied"
    assert host.code("reverted") == "taken_back"
    assert host.driver.forced == []
