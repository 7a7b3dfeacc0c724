# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops` in a process of its own, as a person calls it on lab hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchops_lab.lab import Lab

PATCHOPS = Path(sys.executable).parent / "patchops"


@dataclass(frozen=True)
class Command:
    """Runs `patchops` on one lab, with its data in `data`."""

    lab: Lab
    data: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def end_all(self) -> None:
        """End what a failed test left running; a third request ends a playbook in order."""
        for process in self.started:
            for _ in range(3):
                if process.poll() is None:
                    process.terminate()
            process.communicate(timeout=900)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATCHOPS_DATA": str(self.data)}

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(PATCHOPS), name, "-i", str(self.lab.paths.inventory), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(name, *arguments)
        out, err = process.communicate(timeout=900)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def run_status(self) -> str:
        """What `patchops status --json` prints."""
        return subprocess.run(
            [str(PATCHOPS), "status", "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def report(self, name: str, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code, and the report's hosts by name."""
        ran = self.run(name, "--json", *arguments)
        assert ran.stdout, ran.stderr
        return ran.returncode, {host["host"]: host for host in json.loads(ran.stdout)["hosts"]}


def wait_until(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
