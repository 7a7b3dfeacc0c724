# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import NotFit, Wishes
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import leaving_kernel as leaving
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import FakeDriver

OLD = "6.1.0-50-amd64"


class Host:
    """A host whose running kernel a transaction has brought, or not."""

    def __init__(self, root: Path) -> None:
        self.directory = StateDirectory(str(root)).transaction("t1")
        self.journal = Journal(self.directory.journal)
        self.first: dict[str, Any] | None = {"kernel": OLD}
        self.fit = True
        self.told: list[str | None] = []
        Path(self.directory.path).mkdir(parents=True)
        self.journal.enter("staging")

    def check(self, *_ignored: Any) -> None:
        if self.first is not None:
            raise DriverError("kernel_runs", "It runs.", details={"reboot_first": self.first})

    def leave(self) -> bool:
        return leaving.leave_kernel(FakeDriver(), self.directory)

    def steps(self) -> list[str]:
        return [entry["step"] for entry in self.journal.entries() if entry["event"] == "step"]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)

    class Boot:
        def __init__(self, _document: dict[str, Any], wishes: Wishes) -> None:
            self.wishes = wishes

        def decide(self) -> None:
            if not host.fit:
                raise NotFit("The initramfs is empty.", "", {})

        def prepare(self) -> None:
            host.told.append(self.wishes.kernel)

    monkeypatch.setattr(leaving, "NextBoot", Boot)
    monkeypatch.setattr(leaving, "order_reboot", lambda: True)
    monkeypatch.setattr(leaving.running_kernel, "check", host.check)
    return host


def test_the_former_kernel_is_booted_once_and_the_journal_says_so(host: Host) -> None:
    assert host.leave()
    assert (host.told, host.steps()) == ([OLD], ["leave_kernel"])


def test_a_host_that_did_not_come_up_with_its_former_kernel_does_not_try_for_ever(host: Host) -> None:
    host.leave()
    assert not host.leave()
    assert host.told == [OLD]


def test_a_former_kernel_that_would_not_boot_is_not_booted(host: Host) -> None:
    host.fit = False
    assert not host.leave()
    assert (host.told, host.steps()) == ([], ["leave_kernel", "kernel_not_left"])


@pytest.mark.parametrize("first", [None, {"kernel": None}])
def test_a_host_that_has_no_other_kernel_or_need_not_leave_its_own_stays_up(
    host: Host, first: dict[str, Any] | None
) -> None:
    host.first = first
    assert not host.leave()
    assert host.told == []
