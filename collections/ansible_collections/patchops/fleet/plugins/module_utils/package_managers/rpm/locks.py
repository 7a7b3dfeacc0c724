# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who changes packages right now: the holder of a lock, seen without touching it."""

import os
from typing import Any, Dict, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import file_locks

_RPM_LOCKS = ("/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock")


def find_holder(pid_file: str, lock_files: Tuple[str, ...] = ()) -> Optional[Dict[str, Any]]:
    """Return {pid, command} of who holds a lock, or None; `pid` is None for one outside of this container.

    `pid_file`: where the package manager writes its process id while it works, empty when it does not;
    `lock_files`: what it locks besides rpm's own files.
    """
    try:
        with open(pid_file, encoding="ascii") as file:
            pid = int(file.read().strip() or 0)
    except (OSError, ValueError):
        pid = 0
    # The file stays when its writer was killed.
    if pid and os.path.exists(f"/proc/{pid}"):
        return {"pid": pid, "command": file_locks.command_of(pid)}
    return file_locks.find_holder(lock_files + _RPM_LOCKS)
