# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which boot this is and since when it runs."""

import os
import time
from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time


def read_boot_id() -> str:
    """Return the kernel's random id of this boot; raises OSError."""
    return read_text("/proc/sys/kernel/random/boot_id")


def collect_boot() -> Dict[str, Any]:
    """Return the `boot` part of the host document.

    The start of process 1 counts, not that of the kernel: a container starts later than its machine.
    """
    started = read_start()
    return {
        "id": read_boot_id(),
        "time": format_time(started),
        "uptime_seconds": max(0, int(time.time() - started)),
    }


def read_start() -> float:
    """Return when the host was started, in seconds since 1970; raises OSError."""
    return boot_time(read_text("/proc/stat"), read_text("/proc/1/stat"), os.sysconf("SC_CLK_TCK"))


def boot_time(stat: str, first_process: str, ticks: int) -> float:
    """Return when process 1 started, from /proc/stat, /proc/1/stat and the clock ticks of a second."""
    kernel = next(int(line.split()[1]) for line in stat.splitlines() if line.startswith("btime "))
    # The command name, in parentheses, may hold spaces; the 20th field behind it is the start time.
    fields = first_process.rpartition(")")[2].split()
    return kernel + int(fields[19]) / ticks
