# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small readers of /proc and /sys that several facts share."""

import os
from typing import List, Optional


def read_text(path: str) -> str:
    """Return a file's text without surrounding white space; raises OSError."""
    # Never waits: a FIFO that lies in the place of a file is read as empty.
    with open(path, encoding="utf-8", errors="replace", opener=_open_at_once) as file:
        return file.read().strip()


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def read_text_or_none(path: str) -> Optional[str]:
    """Return a file's text, or None when it does not exist; raises OSError when it can't be read."""
    try:
        return read_text(path)
    except FileNotFoundError:
        return None


def process_ids() -> List[int]:
    """Return the ids of the running processes."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def unit_of_cgroup(text: str) -> Optional[str]:
    """Return the systemd unit that /proc/PID/cgroup names, None for processes outside of any.

    Lines look like `0::/system.slice/ssh.service`. On hybrid hosts `1:name=systemd:/...` carries the unit,
    but not in a container whose systemd uses the unified hierarchy there.
    """
    paths = {}
    for line in text.splitlines():
        number, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        paths[controllers if number != "0" else "unified"] = path
    for path in (paths.get("name=systemd", ""), paths.get("unified", "")):
        units = [part for part in path.split("/") if part.endswith((".service", ".scope"))]
        if units:
            # A user's services lie below user@1000.service: that is the unit the system knows.
            return units[0]
    return None
