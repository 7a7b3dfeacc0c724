# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt without an end means for the next one."""

from __future__ import annotations

import datetime
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, RunKey, WorkerId
from patchops.errors import FenceError
from patchops.runner import fence
from patchops.runs.former import Wanted, settle
from patchops.store.database import open_database
from patchops.store.models import Attempt
from patchops.store.run_ledger import NewRun, RunLedger

NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.UTC)
LEASE = datetime.timedelta(minutes=2)
HERE = WorkerId("me", "machine", "ctl1", "boot", 10)
GONE = replace(HERE, id="gone", pid=11)
ELSEWHERE = WorkerId("other", "machine2", "ctl2", "boot2", 12)
INVENTORY = Inventory.of(["/inv/prod.yml"])
PATCH = RunKey(INVENTORY.key, "patch")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "db")
    yield engine
    engine.dispose()


def begin(engine: Engine, directory: Path, worker: WorkerId = GONE, changes_hosts: bool = True) -> None:
    """Put an attempt on record whose worker left a lock that nobody holds."""
    (directory / "worker.lock").touch()
    new = NewRun("r1", "patch", INVENTORY, "all", changes_hosts, False, ["web1", "web2"])
    RunLedger(engine).begin(new, str(directory), worker, NOW, LEASE)


def settle_for(
    engine: Engine,
    hosts: list[str],
    changes_hosts: bool = True,
    inventory: Inventory = INVENTORY,
    now: datetime.datetime = NOW,
) -> list[str]:
    notices: list[str] = []
    wanted = Wanted(inventory, hosts, changes_hosts)
    settle(RunLedger(engine), wanted, HERE, notices.append, lambda: now)
    return notices


@pytest.fixture
def alive(engine: Engine, tmp_path: Path) -> Iterator[None]:
    """An attempt whose worker holds its lock."""
    begin(engine, tmp_path)
    with fence.holding(tmp_path / "worker.lock"):
        yield


@pytest.mark.usefixtures("alive")
def test_a_living_worker_keeps_its_hosts(engine: Engine) -> None:
    with pytest.raises(FenceError, match=r"run r1 .* on web2 is still going on \(pid 11\)"):
        settle_for(engine, ["web2", "db1"])


@pytest.mark.usefixtures("alive")
@pytest.mark.parametrize(
    "sources", [["/inv/../inv/prod.yml"], ["/inv/prod.yml", "/inv/extra.yml"], ["/inv"], ["web1,"]]
)
def test_the_fence_knows_an_inventory_however_it_is_written(engine: Engine, sources: list[str]) -> None:
    with pytest.raises(FenceError, match="on web1 is still going on"):
        settle_for(engine, ["web1"], inventory=Inventory.of(sources))


@pytest.mark.usefixtures("alive")
def test_a_host_of_that_name_in_another_inventory_is_another_host(engine: Engine) -> None:
    assert settle_for(engine, ["web1"], inventory=Inventory.of(["/inv/staging.yml"])) == []


@pytest.mark.usefixtures("alive")
def test_other_hosts_are_free(engine: Engine) -> None:
    assert settle_for(engine, ["db1"]) == []
    assert len(RunLedger(engine).open_attempts(NOW)) == 1


def test_a_run_that_changes_nothing_is_in_nobodys_way(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path, ELSEWHERE, changes_hosts=False)

    assert settle_for(engine, ["web1"]) == []


def test_the_record_of_a_dead_worker_is_closed_as_interrupted(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path)

    assert settle_for(engine, ["web1"]) == []
    assert RunLedger(engine).open_attempts(NOW) == []
    assert RunLedger(engine).resumable(PATCH, ["web1"]) == "r1"


@pytest.mark.parametrize("lock_is_seen", [True, False])
def test_a_worker_of_another_machine_lives_until_its_lease_ends(
    engine: Engine, tmp_path: Path, lock_is_seen: bool
) -> None:
    begin(engine, tmp_path, ELSEWHERE)
    if not lock_is_seen:
        (tmp_path / "worker.lock").unlink()

    with pytest.raises(FenceError, match=r"is still going on \(pid 12 on ctl2\)"):
        settle_for(engine, ["web1"])
    assert len(RunLedger(engine).open_attempts(NOW)) == 1
    (notice,) = settle_for(engine, ["web1"], now=NOW + LEASE)
    assert "was not heard of since its lease ended (pid 12 on ctl2)" in notice
    assert RunLedger(engine).open_attempts(NOW) == []


def test_a_container_with_equal_machine_boot_and_pid_is_another_worker(
    engine: Engine, tmp_path: Path
) -> None:
    begin(engine, tmp_path, replace(HERE, id="twin"))
    (tmp_path / "worker.lock").unlink()

    with pytest.raises(FenceError):
        settle_for(engine, ["web1"])


MY_START = fence.started_ticks(os.getpid())


@pytest.mark.parametrize(
    ("pid", "ticks", "lives"),
    [(os.getpid(), MY_START, True), (os.getpid(), 1, False), (2**22 + 1, 1, False)],
    ids=["it lives", "the pid is another's now", "it is gone"],
)
def test_an_attempt_of_the_former_version_is_known_by_pid_and_start(
    engine: Engine, tmp_path: Path, pid: int, ticks: int | None, lives: bool
) -> None:
    begin(engine, tmp_path)
    with engine.begin() as connection:
        values = {"worker_id": None, "lease_until": None, "wrapper_pid": pid, "wrapper_started": ticks}
        connection.execute(update(Attempt).values(**values))

    with pytest.raises(FenceError) if lives else nullcontext():
        settle_for(engine, ["web1"])
    assert len(RunLedger(engine).open_attempts(NOW)) == lives


def test_a_playbook_that_outlived_its_wrapper_is_ended_and_named(engine: Engine, tmp_path: Path) -> None:
    begin(engine, tmp_path)
    playbook = subprocess.Popen(fence.fenced(tmp_path / "lock", ["sleep", "60"]))
    while not fence.held(tmp_path / "lock"):
        time.sleep(0.02)

    assert settle_for(engine, ["db1"]) == []
    assert settle_for(engine, ["web1"], changes_hosts=False) == []
    (notice,) = settle_for(engine, ["web1"])

    assert str(playbook.pid) in notice
    assert playbook.wait(timeout=120) != 0
    assert not fence.held(tmp_path / "lock")
