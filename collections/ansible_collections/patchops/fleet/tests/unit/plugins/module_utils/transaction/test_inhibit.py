# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import UnitsError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import inhibit
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import FakeDriver

TIMER = {"unit": "apt-daily-upgrade.timer", "active": True}
DAEMON = {"unit": "packagekit.service", "active": True}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(str(tmp_path / "journal.jsonl"))
    journal.enter("staging")
    return journal


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What systemctl was told, on a host whose updaters are a timer and a daemon."""
    told: list[list[str]] = []

    def run(argv: list[str], timeout: float) -> Result:
        told.append(argv)
        return Result(0, "", "")

    updaters: list[Any] = [{"units": [TIMER]}, {"units": [DAEMON]}]
    monkeypatch.setattr(inhibit, "has_systemd", lambda: True)
    monkeypatch.setattr(inhibit, "collect_updaters", lambda: updaters)
    monkeypatch.setattr(inhibit, "run", run)
    return told


def test_updaters_are_still_while_packages_change_and_run_again_after_it(
    journal: Journal, commands: list[list[str]]
) -> None:
    with inhibit.inhibited(FakeDriver(), journal, 0):  # type: ignore[arg-type]
        assert journal.view().inhibited == ["apt-daily-upgrade.timer", "packagekit.service"]
    assert [argv[1] for argv in commands] == ["stop", "start"]
    assert journal.view().inhibited == []


def test_a_systemd_that_does_not_answer_keeps_nothing_from_going_back(
    journal: Journal, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise UnitsError("systemctl show: Failed to connect to bus")

    monkeypatch.setattr(inhibit, "collect_updaters", broken)
    with inhibit.inhibited(FakeDriver(), journal, 0):  # type: ignore[arg-type]
        assert commands == []


def test_a_daemon_that_installs_is_not_ended(journal: Journal, commands: list[list[str]]) -> None:
    driver = FakeDriver()
    driver.holder = {"pid": 815, "command": "packagekitd"}
    with pytest.raises(DriverError, match="packagekitd"), inhibit.inhibited(driver, journal, 0):  # type: ignore[arg-type]
        pass
    assert (commands, journal.view().inhibited) == ([], [])
