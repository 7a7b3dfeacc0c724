# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock lasts as long as any process of the attempt, and names them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchops.runner import fence


@contextmanager
def running(lock: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(fence.fenced(lock, list(command)))
    while not fence.held(lock) and process.poll() is None:
        time.sleep(0.02)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_lock_that_was_never_taken_is_free(tmp_path: Path) -> None:
    assert not fence.held(tmp_path / "lock")
    assert fence.holders(tmp_path / "lock") == []


def test_the_command_itself_holds_the_lock(tmp_path: Path) -> None:
    with running(tmp_path / "lock", "sleep", "60") as process:
        (holder,) = fence.holders(tmp_path / "lock")

        assert fence.held(tmp_path / "lock")
        assert (holder.pid, holder.command, holder.parent) == (process.pid, "sleep 60", os.getpid())


def test_the_lock_is_free_when_the_command_was_killed(tmp_path: Path) -> None:
    with running(tmp_path / "lock", "sleep", "60") as process:
        process.kill()
        process.wait()

        assert not fence.held(tmp_path / "lock")


def test_a_second_command_does_not_start_behind_a_lock_that_is_held(tmp_path: Path) -> None:
    with running(tmp_path / "lock", "sleep", "60"):
        second = subprocess.run(
            fence.fenced(tmp_path / "lock", ["touch", str(tmp_path / "ran")]), check=False
        )

    assert second.returncode == fence.CONFLICT_EXIT_CODE
    assert not (tmp_path / "ran").exists()


def test_a_child_that_outlives_the_command_still_holds_the_lock(tmp_path: Path) -> None:
    with running(tmp_path / "lock", "sh", "-c", "setsid sleep 60 & sleep 60") as process:
        wait_for_holders(tmp_path / "lock", 3)
        process.kill()
        process.wait()

        assert fence.held(tmp_path / "lock")
        assert fence.terminate(tmp_path / "lock", grace_seconds=5)
        assert fence.holders(tmp_path / "lock") == []


def test_a_command_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with running(tmp_path / "lock", "python3", "-c", deaf) as process:
        time.sleep(0.5)

        assert fence.terminate(tmp_path / "lock", grace_seconds=0.3)
        assert process.wait() == -signal.SIGKILL


def test_a_process_is_named_by_its_start_too() -> None:
    assert fence.started_ticks(os.getpid()) is not None
    assert fence.started_ticks(2**22 + 1) is None


def wait_for_holders(lock: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(fence.holders(lock)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)
