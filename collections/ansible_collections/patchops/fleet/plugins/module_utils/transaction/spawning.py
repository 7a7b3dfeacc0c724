# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a process is started that outlives the one that starts it."""

import subprocess
from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils import process


def quoted(word: str) -> str:
    """Return a word as systemd reads it in a command line."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def start_session(argv: List[str]) -> str:
    """Start a session of its own; init inherits it when the caller ends. Return what was wrong."""
    try:
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=process.environment(),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        return str(error)
    return ""
