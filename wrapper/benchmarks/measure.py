# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a command together with all that it starts, also what outlives it.

ssh leaves a process behind that keeps the connection open, and Ansible's workers can outlive it as orphans:
their CPU time would not be counted with that of the command. So a process of its own, this file run as a
script, adopts them, ends what is left, and then asks the kernel.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Sample

_PR_SET_CHILD_SUBREAPER = 36
_LONGEST = 1800.0
_PATIENCE = 120.0
_SHOWN = 3000


class CommandFailed(Exception):
    """A command that was to be measured failed: its time means nothing."""


def measure(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Sample:
    """Run a command in `directory` to its end and return what it took.

    Wall time ends with the command; CPU time is user and system of it and of all that it started. Connections
    that it kept open are closed, so that the next command logs in anew.

    :raises CommandFailed: it ended with another status than 0, or not within half an hour; carries the end
        of its output
    """
    log = directory / "output.log"
    script = [sys.executable, "-m", "benchmarks.measure", str(log)]
    done = subprocess.run(
        [*script, *command], cwd=directory, env=dict(environment), check=True, stdout=subprocess.PIPE
    )
    took = json.loads(done.stdout)
    if took["status"]:
        end = log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
        raise CommandFailed(f"{' '.join(command)} ended with {took['status']}. Its output ends:\n{end}")
    return Sample(took["wall"], took["cpu"])


def _run(log: Path, command: Sequence[str]) -> dict[str, float]:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "could not become the adopter of orphaned processes")
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        status = _wait(process)
        wall = time.monotonic() - started
    _end_orphans()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"status": status, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime}


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the command; one that doesn't end is killed, and so ends with a status other than 0."""
    try:
        return process.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _end_orphans() -> None:
    """End the processes that were left behind and wait for each: only then their time is counted."""
    ends = time.monotonic() + _PATIENCE
    asked: set[int] = set()
    while orphans := _children():
        for pid in orphans - asked:
            os.kill(pid, signal.SIGTERM)
        asked |= orphans
        if time.monotonic() > ends:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
        while _reap():
            pass
        time.sleep(0.01)


def _children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def _reap() -> bool:
    """Wait for a child that has ended; return whether there was one."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    print(json.dumps(_run(Path(sys.argv[1]), sys.argv[2:])))
