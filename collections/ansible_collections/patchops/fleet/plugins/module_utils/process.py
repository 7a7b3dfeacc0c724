# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands on the host: argument lists, a fixed environment, always a time limit."""

import os
import signal
import subprocess
from typing import Dict, List, NamedTuple, Optional

Result = NamedTuple("Result", [("rc", int), ("stdout", str), ("stderr", str)])

# No exit code, and no signal either: those are negative and end at -64.
TIMED_OUT = -256
NOT_FOUND = 127

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What a command may inherit: everything else of the login session could change what tools print or do.
_INHERITED = (
    "HOME",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


def environment(extra: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """Return the environment of every command: C locale, fixed PATH, proxies kept, `extra` on top."""
    env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    env.update({"PATH": _PATH, "LC_ALL": "C", "LANG": "C", "TERM": "dumb"})
    env.update(extra or {})
    return env


def run(
    argv: List[str],
    timeout: float = 60,
    env: Optional[Dict[str, str]] = None,
    stdin: Optional[str] = None,
    cwd: str = "/",
) -> Result:
    """Run `argv` and return Result(rc, stdout, stderr) with text output.

    `timeout` in seconds; `env` is added to `environment()`; `stdin` is text or None. Never raises for a
    command that fails: rc is NOT_FOUND when there is no such program, TIMED_OUT when it was killed after the
    limit, minus the signal's number when somebody else killed it. `how_ended` says it in words.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(env),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        return Result(NOT_FOUND, "", f"{argv[0]}: {error.strerror}")
    given = stdin.encode("utf-8") if stdin is not None else None
    try:
        stdout, stderr = process.communicate(given, timeout=timeout)
        rc = process.returncode
    except subprocess.TimeoutExpired:
        # Its children too: one that survives would hold the pipes open and the answer back.
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        rc = TIMED_OUT
        stderr += f"{argv[0]}: stopped after {timeout} seconds".encode("utf-8")
    return Result(rc, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


def how_ended(rc: int, timeout: Optional[float] = None) -> str:
    """Return how a command ended, to stand behind its name; `timeout` in seconds where it is at hand."""
    if rc == TIMED_OUT:
        return f"did not end within {timeout:g} seconds" if timeout else "did not end in time"
    return f"was killed (signal {-rc})" if rc < 0 else f"ended with {rc}"
