# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the programs the lab is made of."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from patchops_lab.errors import LabError

_ERROR_LINES = 15
# Given to `sh -ec` with the options, the place and a command; fixed, its values come as arguments.
IN_OVERLAY = 'mount -t overlay overlay -o "$1" "$2"; shift 2; exec "$@"'
# Put before a command that mounts or starts programs of its own: with it, or with us, all of that ends.
ISOLATED = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *(
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
    ),
)


def search_path() -> str:
    """Where programs are looked for: the caller's PATH, and what is root's alone and often not on it."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def tool_environment() -> dict[str, str]:
    """The environment for a program of the lab: messages in English, as they are read here."""
    return {**os.environ, "LC_ALL": "C", "PATH": search_path()}


def run(
    command: Sequence[str],
    *,
    doing: str,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it wrote to standard output.

    :param doing: what is being attempted, for the error ("build the image bookworm")
    :raises LabError: the program is missing or failed; carries the last lines it wrote
    """
    try:
        done = subprocess.run(
            command,
            input=stdin if stdin is not None else "",
            env={**tool_environment(), **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(
            f"Could not {doing}: {command[0]} is missing; 'patchops lab doctor' names its package."
        ) from error
    if done.returncode != 0:
        written = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_ERROR_LINES:]
        detail = "\n  ".join(written) or "(it wrote nothing)"
        raise LabError(f"Could not {doing}: {command[0]} ended with status {done.returncode}:\n  {detail}")
    return done.stdout
