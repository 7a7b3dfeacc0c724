# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the locks of apt and dpkg, seen without touching them."""

import os
from typing import Any, Dict, List, Optional, Set

LOCK_FILES = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)


def find_holder() -> Optional[Dict[str, Any]]:
    """Return {pid, command} of the first process that holds one of apt's locks, or None.

    `pid` is None for a holder outside of this container.
    """
    inodes = set()
    for path in LOCK_FILES:
        try:
            inodes.add(os.stat(path).st_ino)
        except OSError:
            continue  # never locked yet
    with open("/proc/locks", encoding="ascii", errors="replace") as file:
        pids = parse_locks(file.read(), inodes)
    for pid in pids:
        if pid <= 0:
            return {"pid": None, "command": "a process outside of this container"}
        if _has_open(pid):
            return {"pid": pid, "command": _command(pid)}
    return None


def parse_locks(text: str, inodes: Set[int]) -> List[int]:
    """Return the pids that hold (not wait for) a lock on one of `inodes`, from /proc/locks.

    Devices are not compared: on overlay and btrfs the kernel shows another one here than in stat.
    """
    pids = []
    for line in text.splitlines():
        fields = line.split()
        # 1: POSIX  ADVISORY  WRITE 1234 fe:01:5678 0 EOF
        inode = fields[5].rpartition(":")[2] if len(fields) >= 6 and fields[1] != "->" else ""
        if inode.isdigit() and int(inode) in inodes:
            pids.append(int(fields[4]))
    return pids


def _has_open(pid: int) -> bool:
    directory = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(os.path.join(directory, name)) in LOCK_FILES for name in os.listdir(directory))
    except OSError:
        return False  # it ended, or another user's process happens to use the same inode number


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    return os.path.basename(words[0])
