# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the supervisor of a lab: one line of JSON there, one back."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from patchops_lab import cgroups
from patchops_lab.commands import tool_environment
from patchops_lab.errors import LabError
from patchops_lab.paths import LabPaths
from patchops_lab.patience import PATIENCE_SECONDS

SUPERVISOR_GROUP = "lab-supervisor"
Request = Literal["status", "start", "stop", "kill", "hold"]


@dataclass(frozen=True)
class HostState:
    """What the supervisor says of a host.

    :ivar starts: how often it was started, reboots included
    :ivar held: it stays down after its next reboot
    :ivar exit_status: with which nspawn ended last; 133 is a reboot
    """

    running: bool
    starts: int
    held: bool
    exit_status: int | None


def start_supervisor(paths: LabPaths) -> None:
    """Start the supervisor and wait until it answers.

    :raises LabError: it ended, or doesn't answer
    """
    with paths.supervisor_log.open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", "patchops_lab.supervisor", "launch", str(paths.state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=tool_environment(),
            check=False,
        )
    process = _wait_for_supervisor(paths)
    paths.namespace.symlink_to(f"/proc/{process}/ns/net")


def _wait_for_supervisor(paths: LabPaths) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not paths.control_socket.exists():
        if not cgroups.processes(paths.cgroup) or time.monotonic() > deadline:
            raise LabError(
                f"The supervisor of the lab {paths.state.name} did not start:\n{_last_words(paths)}"
            )
        time.sleep(0.02)
    process = cgroups.first_process(f"{paths.cgroup}/{SUPERVISOR_GROUP}", depth=1)
    if process is None:
        raise LabError(f"The supervisor of the lab {paths.state.name} ended while it started.")
    return process


def ask(paths: LabPaths, do: Request, hosts: Iterable[str] = ()) -> dict[str, HostState]:
    """Send a request; returns the state of every host of the lab after it.

    :raises LabError: no supervisor answers, or it refuses
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(str(paths.control_socket))
            connection.sendall(json.dumps({"do": do, "hosts": list(hosts)}).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise LabError(
            f"The supervisor of the lab {paths.state.name} doesn't answer ({error}): its hosts are down. "
            f"'patchops lab down {paths.state.name}' cleans up what is left of it. "
            f"The supervisor's log ends:\n{_last_words(paths)}"
        ) from error
    if "error" in answer:
        raise LabError(f"The supervisor of the lab {paths.state.name} could not {do}: {answer['error']}.")
    return {name: HostState(**state) for name, state in answer["hosts"].items()}


def _last_words(paths: LabPaths) -> str:
    try:
        return paths.supervisor_log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
    except FileNotFoundError:
        return "(there is none)"
