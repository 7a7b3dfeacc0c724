# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands that change packages."""

import os
import subprocess
from typing import Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process


def run_logged(argv: List[str], log: str, env: Optional[Dict[str, str]] = None) -> Tuple[int, str]:
    """Run a command that changes packages, its output added to the file `log`. Return (rc, its output).

    There is no time limit: to kill a package manager half-way harms more than to wait. The output goes to a
    file, so that the command goes on when the caller dies. Its session is its own for the same reason.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write("+ {}\n".format(" ".join(argv)).encode("utf-8"))
        stream.flush()
        begin = os.fstat(stream.fileno()).st_size
        running = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=process.environment(env),
            cwd="/",
            start_new_session=True,
        )
        rc = running.wait()
    with open(log, "rb") as stream:
        stream.seek(begin)
        return rc, stream.read().decode("utf-8", "replace")
