# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence on the controller: a lock that the launched playbook itself holds, as do its workers.

`flock --no-fork` takes the lock and becomes `ansible-playbook`, so the lock lasts exactly as long as any
process of the run, also when the wrapper was killed. What Ansible starts (ssh, modules) doesn't inherit it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from patchops.errors import PatchOpsError

CONFLICT_EXIT_CODE = 75
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """A process that holds the lock of an attempt."""

    pid: int
    parent: int
    command: str


def fenced(lock: Path, command: list[str]) -> list[str]:
    """`command` behind the lock file `lock`."""
    flock = shutil.which("flock")
    if flock is None:
        raise PatchOpsError("The command flock was not found.", "Install util-linux.")
    return [
        flock,
        "--no-fork",
        "--nonblock",
        "--conflict-exit-code",
        str(CONFLICT_EXIT_CODE),
        str(lock),
        *command,
    ]


def held(lock: Path) -> bool:
    """Whether a process of the attempt is seen to live. A lock file that doesn't exist was never taken.

    One that this user may not open tells nothing: then the attempt's lease has to do.
    """
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def holding(lock: Path) -> Iterator[None]:
    """Hold the lock file `lock` in this process alone: what it starts doesn't inherit the lock."""
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def holders(lock: Path) -> list[Holder]:
    """The living processes that have the lock file open, as far as this user may see them."""
    try:
        wanted = os.stat(lock)
    except FileNotFoundError:
        return []
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _has_open(entry.name, wanted):
            holder = _describe(int(entry.name))
            if holder is not None:
                found.append(holder)
    return sorted(found, key=lambda holder: holder.pid)


def _has_open(pid: str, wanted: os.stat_result) -> bool:
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            status = os.stat(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if (status.st_dev, status.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False


def _describe(pid: int) -> Holder | None:
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        command = (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        )
    except OSError:
        return None
    return Holder(pid=pid, parent=int(fields[1]), command=command)


def started_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; with its pid this names a process for good."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[19])


def terminate(lock: Path, grace_seconds: float) -> bool:
    """End every process of the attempt, and return whether all are gone.

    First SIGTERM to the playbook alone, which ends its workers in order; what remains after `grace_seconds`
    gets SIGTERM itself, then SIGKILL. A playbook that is killed at once leaves its workers and their
    commands behind.
    """
    if not held(lock):
        return True
    alive = holders(lock)
    pids = {holder.pid for holder in alive}
    _signal([holder for holder in alive if holder.parent not in pids], signal.SIGTERM)
    if _wait_released(lock, grace_seconds):
        return True
    _signal(holders(lock), signal.SIGTERM)
    if _wait_released(lock, grace_seconds):
        return True
    _signal(holders(lock), signal.SIGKILL)
    return _wait_released(lock, grace_seconds)


def _signal(targets: list[Holder], number: signal.Signals) -> None:
    for holder in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, number)


def _wait_released(lock: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while held(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
