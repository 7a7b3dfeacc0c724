# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook of the collection with plain ansible-playbook, and read its report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_collections.patchops.fleet
from patchops_lab.patience import PATIENCE_SECONDS

# Where the collection is that lies beside this package, in a checkout or a wheel.
COLLECTIONS = Path(ansible_collections.patchops.fleet.__path__[0]).parents[2]
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@dataclass(frozen=True)
class Run:
    """What a run came to: ansible-playbook's exit code, what it printed, and the report ({} without one)."""

    rc: int
    output: str
    report: dict[str, Any] = field(default_factory=dict)

    def host(self, name: str) -> dict[str, Any]:
        """Return a host's entry of the report."""
        return next(entry for entry in self.report["hosts"] if entry["host"] == name)

    def classes(self) -> dict[str, str]:
        """Return the class of every host's outcome."""
        return {entry["host"]: entry["outcome"]["class"] for entry in self.report["hosts"]}


class Plays:
    """Runs playbooks over one inventory, in `directory`, where documents are kept too.

    `patience`: the seconds after which a playbook that has not ended is given up.
    """

    def __init__(self, inventory: Path, directory: Path, patience: float = 900) -> None:
        self.inventory = inventory
        self.store = directory / "documents"
        self._directory = directory
        self._patience = patience
        self._number = 0

    def run(self, playbook: str, *arguments: str, **variables: Any) -> Run:
        """Run a playbook to its end; `variables` are extra variables without their ``patchops_``."""
        process, run_id = self.start(playbook, *arguments, **variables)
        output, _ = process.communicate(timeout=self._patience)
        # A test that fails is told with what it printed, as nobody can look at the run any more.
        print(output)
        return Run(process.returncode, output, self.report(run_id))

    def start(self, playbook: str, *arguments: str, **variables: Any) -> tuple[subprocess.Popen[str], str]:
        """Start a playbook and return the process, which leads its own group, and the run's id."""
        self._number += 1
        run_id = f"{playbook}-{self._number}"
        extra = {f"patchops_{name}": value for name, value in variables.items()}
        extra["patchops_run_id"] = run_id
        extra.setdefault("patchops_document_store", {"kind": "directory", "path": str(self.store)})
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(self.inventory), f"patchops.fleet.{playbook}"]
        process = subprocess.Popen(
            [*command, "-e", json.dumps(extra), *arguments],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_NOCOLOR": "1",
            },
            cwd=self._directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return process, run_id

    def kill_when(
        self, reached: Callable[[], bool], playbook: str, *arguments: str, **variables: Any
    ) -> None:
        """Start a playbook and kill it hard, with all it started here, once `reached` is true."""
        process, _run_id = self.start(playbook, *arguments, **variables)
        wait_until(lambda: reached() or process.poll() is not None)
        kill_tree(process.pid)
        process.communicate()

    def report(self, run_id: str) -> dict[str, Any]:
        """Return the report of a run, {} when there is none."""
        path = self.store / "runs" / run_id / "report.json"
        report: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return report


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what a started playbook prints until `text` comes; raises EOFError when it never does."""
    for line in process.stdout or ():
        if text in line:
            return
    raise EOFError(f"the playbook ended without printing {text!r}")


def wait_until(reached: Callable[[], bool], seconds: float = PATIENCE_SECONDS, pause: float = 0.2) -> None:
    """Wait until `reached` is true; raises TimeoutError."""
    ends = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > ends:
            raise TimeoutError(f"not reached within {seconds} seconds")
        time.sleep(pause)


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants: ansible's workers live in sessions of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = [int(child) for child in children.read_text().split()] if children.exists() else []
    os.kill(pid, signal.SIGKILL)
    for child in below:
        kill_tree(child)
