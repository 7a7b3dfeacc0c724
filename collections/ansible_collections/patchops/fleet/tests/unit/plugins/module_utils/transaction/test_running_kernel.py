# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import running_kernel

OLD, OLDER, NEW = "6.1.0-50-cloud-amd64", "6.1.0-49-cloud-amd64", "6.1.0-53-cloud-amd64"


def change(release: str, version: str, former: str | None = None) -> dict[str, Any]:
    return {"name": f"linux-image-{release}", "arch": "amd64", "from": former, "to": version}


def kernel(release: str, version: str) -> dict[str, Any]:
    return {"release": release, "package": f"linux-image-{release}", "version": version}


META = {"name": "linux-image-cloud-amd64", "arch": "amd64", "from": "6.1.176-1", "to": "6.1.192-2"}
KERNELS = [kernel(OLDER, "6.1.170-1"), kernel(OLD, "6.1.176-1"), kernel(NEW, "6.1.192-2")]


class Host:
    """A host with three kernels, the newest of which a transaction brought."""

    def __init__(self, root: Path) -> None:
        self.transaction = StateDirectory(str(root)).transaction("t1")
        self.kernels = KERNELS
        self.virtualization = "vm"
        self.running = NEW
        Path(self.transaction.way_back).mkdir(parents=True)

    def kernel_packages(self) -> list[dict[str, Any]]:
        return self.kernels

    def check(self, *changes: dict[str, Any], former: str | None = OLD) -> dict[str, Any] | None:
        """Returns the refusal's code and what has to be booted first, None when nothing has to."""
        Path(self.transaction.plan).write_text(json.dumps({"packages": changes}))
        Path(self.transaction.way_back_state).write_text(json.dumps({"kernel": former} if former else {}))
        try:
            running_kernel.check(self, self.transaction)  # type: ignore[arg-type]
        except DriverError as error:
            return {"code": error.code, **error.details["reboot_first"]}
        return None


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)

    class Uname:
        @property
        def release(self) -> str:
            return host.running

    monkeypatch.setattr("os.uname", Uname)
    monkeypatch.setattr(running_kernel, "detect_virtualization", lambda: {"kind": host.virtualization})
    return host


def test_the_running_kernel_is_not_removed_and_the_former_one_is_named(host: Host) -> None:
    assert host.check(META, change(NEW, "6.1.192-2")) == {"code": "kernel_runs", "kernel": OLD}


def test_a_new_kernel_that_does_not_run_may_go(host: Host) -> None:
    host.running = OLD
    assert host.check(META, change(NEW, "6.1.192-2")) is None


def test_a_running_kernel_that_was_updated_in_place_is_not_removed_by_going_back(host: Host) -> None:
    assert host.check(change(NEW, "6.1.192-2", former="6.1.192-1")) is None


def test_a_running_kernel_that_another_transaction_brought_stays(host: Host) -> None:
    host.running = OLD
    assert host.check(META, change(NEW, "6.1.192-2")) is None


@pytest.mark.parametrize("former", [None, "6.1.0-20-cloud-amd64"])
def test_without_the_former_kernel_the_newest_that_is_left_is_named(host: Host, former: str | None) -> None:
    assert host.check(change(NEW, "6.1.192-2"), former=former) == {"code": "kernel_runs", "kernel": OLD}


def test_the_kernel_that_ran_before_is_preferred_to_a_newer_one(host: Host) -> None:
    assert host.check(change(NEW, "6.1.192-2"), former=OLDER) == {"code": "kernel_runs", "kernel": OLDER}


def test_the_only_kernel_of_a_host_has_none_to_boot_first(host: Host) -> None:
    host.kernels = KERNELS[-1:]
    assert host.check(change(NEW, "6.1.192-2")) == {"code": "kernel_runs", "kernel": None}


def test_the_kernel_of_a_container_is_not_its_own(host: Host) -> None:
    host.virtualization = "container"
    assert host.check(change(NEW, "6.1.192-2")) is None


def test_a_kernel_of_rpm_lies_beside_others_of_its_name(host: Host) -> None:
    old, host.running = "5.14.0-427.9.1.el9_4.x86_64", "5.14.0-427.13.1.el9_4.x86_64"
    host.kernels = [
        {"release": old, "package": "kernel-core", "version": "5.14.0-427.9.1.el9_4"},
        {"release": host.running, "package": "kernel-core", "version": "5.14.0-427.13.1.el9_4"},
    ]
    brought = {"name": "kernel-core", "arch": "x86_64", "from": None, "to": "5.14.0-427.13.1.el9_4"}
    assert host.check({**brought, "beside": True}, former=old) == {"code": "kernel_runs", "kernel": old}


def test_hosts_that_got_no_new_package_are_not_looked_at(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "kernel_packages", Driver.kernel_packages)
    assert host.check(META) is None
