# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt without an end means for the next one."""

from __future__ import annotations

import datetime
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from patchops.errors import FenceError
from patchops.runner import fence
from patchops.runs.former import settle
from patchops.store.database import open_database
from patchops.store.ledger import Ledger, NewRun, WrapperProcess

NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.UTC)
DEAD = WrapperProcess(pid=2**22 + 1, started_ticks=1)
ALIVE = WrapperProcess(os.getpid(), fence.started_ticks(os.getpid()))
REUSED_PID = WrapperProcess(os.getpid(), 1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "db")
    yield engine
    engine.dispose()


def begin(engine: Engine, directory: Path, wrapper: WrapperProcess, changes_hosts: bool = True) -> None:
    new = NewRun("r1", "patch", "/inv", "all", "d1", changes_hosts, False, ["web1", "web2"])
    Ledger(engine).begin(new, str(directory), wrapper, NOW)


def settle_for(engine: Engine, hosts: list[str], changes_hosts: bool = True) -> list[str]:
    notices: list[str] = []
    settle(Ledger(engine), "/inv", hosts, changes_hosts, notices.append, lambda: NOW)
    return notices


def test_a_living_wrapper_keeps_its_hosts(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, ALIVE)

    with pytest.raises(FenceError, match=r"run r1 .* on web2 is still going on"):
        settle_for(engine, ["web2", "db1"])


def test_other_hosts_are_free(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, ALIVE)

    assert settle_for(engine, ["db1"]) == []
    assert len(Ledger(engine).open_attempts()) == 1


def test_a_run_that_changes_nothing_is_in_nobodys_way(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, ALIVE, changes_hosts=False)

    assert settle_for(engine, ["web1"]) == []


def test_the_record_of_a_dead_wrapper_is_closed_as_interrupted(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, DEAD)

    assert settle_for(engine, ["web1"]) == []
    assert Ledger(engine).open_attempts() == []
    assert Ledger(engine).resumable("d1") == "r1"


def test_a_process_that_got_the_same_pid_later_is_not_the_wrapper(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, REUSED_PID)

    settle_for(engine, ["web1"])

    assert Ledger(engine).open_attempts() == []


def test_a_playbook_that_outlived_its_wrapper_is_ended_and_named(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, DEAD)
    playbook = subprocess.Popen(fence.fenced(tmp_path / "lock", ["sleep", "60"]))
    while not fence.held(tmp_path / "lock"):
        time.sleep(0.02)

    assert settle_for(engine, ["db1"]) == []
    assert settle_for(engine, ["web1"], changes_hosts=False) == []
    (notice,) = settle_for(engine, ["web1"])

    assert str(playbook.pid) in notice
    assert playbook.wait(timeout=120) != 0
    assert not fence.held(tmp_path / "lock")
