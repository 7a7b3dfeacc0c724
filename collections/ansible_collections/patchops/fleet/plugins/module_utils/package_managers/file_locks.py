# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a package manager's lock on a file, seen without touching it."""

import os
from typing import Any, Dict, Iterable, List, Optional, Set


def find_holder(lock_files: Iterable[str]) -> Optional[Dict[str, Any]]:
    """Return {pid, command} of the first process that holds one of these locks, or None.

    `pid` is None for a holder outside of this container.
    """
    inodes = set()
    for path in lock_files:
        try:
            inodes.add(os.stat(path).st_ino)
        except OSError:
            continue  # never locked yet
    with open("/proc/locks", encoding="ascii", errors="replace") as file:
        pids = parse_locks(file.read(), inodes)
    for pid in pids:
        if pid <= 0:
            return {"pid": None, "command": "a process outside of this container"}
        if has_open(pid, lock_files):
            return {"pid": pid, "command": command_of(pid)}
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


def has_open(pid: int, paths: Iterable[str]) -> bool:
    """Tell whether a process has one of some files open, whatever else it opens and closes meanwhile."""
    directory = f"/proc/{pid}/fd"
    try:
        names = os.listdir(directory)
    except OSError:
        return False  # it ended, or another user's process happens to use the same inode number
    return any(_target(os.path.join(directory, name)) in paths for name in names)


def _target(link: str) -> str:
    """Return where a link leads to, "" when it is gone."""
    try:
        return os.readlink(link)
    except OSError:
        return ""


def command_of(pid: int) -> str:
    """Return the name of a process's program, empty when it ended."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    return os.path.basename(words[0])
