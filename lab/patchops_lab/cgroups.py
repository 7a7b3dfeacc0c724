# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups of the lab: one for each host, all under one for the lab, in every hierarchy there is.

Everything that runs for a lab is found and ended through its group, whatever became of the supervisor.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from patchops_lab.errors import LabError
from patchops_lab.patience import PATIENCE_SECONDS

_ROOT = Path("/sys/fs/cgroup")
# On a machine with the older layout: systemd needs the first two, the others keep the hosts apart.
_HIERARCHIES = ("unified", "systemd", "pids", "memory")


def hierarchies(root: Path = _ROOT) -> list[Path]:
    """The hierarchies to make groups in; one on a machine with cgroup v2 alone."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return [root / name for name in _HIERARCHIES if (root / name / "cgroup.procs").exists()]


def join(group: str) -> None:
    """Move the calling process into a group, made first where it is missing."""
    for hierarchy in hierarchies():
        directory = hierarchy / group
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def processes(group: str) -> set[int]:
    """The processes in a group and below it, as the caller's own process namespace numbers them."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for directory in _below(hierarchy / group):
            found |= {int(pid) for pid in _read(directory / "cgroup.procs").split()}
    # Processes of another process namespace show as 0.
    return found - {0}


def first_process(group: str, depth: int) -> int | None:
    """The process in a group that is process 1 of a process namespace, so many levels below the caller's.

    :return: as the caller's namespace numbers it; None when there is none
    """
    for pid in processes(group):
        for line in _read(Path("/proc", str(pid), "status")).splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                if len(numbers) == depth + 1 and numbers[-1] == "1":
                    return pid
    return None


def kill(group: str) -> None:
    """End every process in a group and below it.

    :raises LabError: some are still there after a while
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while remaining := processes(group):
        if time.monotonic() > deadline:
            listed = ", ".join(str(pid) for pid in sorted(remaining))
            raise LabError(f"Processes {listed} of the control group {group} don't end; they still run.")
        _signal(remaining)
        time.sleep(0.02)


def remove(group: str) -> None:
    """Remove a group, and what is below it, from every hierarchy; there must be no process left in it."""
    for hierarchy in hierarchies():
        for directory in _below(hierarchy / group):
            _remove_directory(directory)


def _remove_directory(directory: Path) -> None:
    # A group whose last process has just been reaped can be busy for a moment.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            directory.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise LabError(
                    f"The control group {directory} can't be removed: {error.strerror}."
                ) from error
            time.sleep(0.02)


def _signal(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _below(directory: Path) -> Iterator[Path]:
    """A group's directory and those below it, the deepest first."""
    for path, _directories, _files in os.walk(directory, topdown=False):
        yield Path(path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # The group or the process went away while it was looked at.
        return ""
