# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pacman's lock: a file that is there while somebody changes packages, and stays when he is killed."""

import os
from typing import Any, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import process_ids
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.file_locks import (
    command_of,
    has_open,
)


def lock_file(database: str) -> str:
    """Return the lock of the databases in a directory."""
    return os.path.join(database, "db.lck")


def find_holder(path: str) -> Optional[Dict[str, Any]]:
    """Return {pid, command} of the process that has the lock file open, None when none has.

    pacman and everything else that uses its library keep it open until they are done.
    """
    if not os.path.exists(path):
        return None
    for pid in process_ids():
        if has_open(pid, [path]):
            return {"pid": pid, "command": command_of(pid)}
    return None


def is_left(path: str) -> bool:
    """Tell whether the lock is there although nobody works: its holder was killed, or the power was cut."""
    return os.path.exists(path) and find_holder(path) is None and os.path.exists(path)
