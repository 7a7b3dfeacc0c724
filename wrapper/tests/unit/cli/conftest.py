# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops` as a user calls it, in a process of its own, with a stand-in for the engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

STANDIN = Path(__file__).parents[1] / "standin"
PATCHOPS = Path(sys.executable).parent / "patchops"


@dataclass
class Shell:
    """Runs `patchops` in `directory`, with its data below it."""

    directory: Path
    started: list[subprocess.Popen[str]]

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATCHOPS_DATA": str(self.data),
            "PYTHONPATH": str(STANDIN),
            "COLUMNS": "200",
            "PATCHOPS_TRACEBACK": "1",
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(PATCHOPS), *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def write(self, name: str, content: str) -> str:
        path = self.directory / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def variables(self, **values: Any) -> str:
        """A file for -e; `standin_calls` is always in it."""
        values.setdefault("standin_calls", str(self.calls))
        return "@" + self.write("variables.json", json.dumps(values))

    @property
    def calls(self) -> Path:
        """One line for each transaction that the stand-in began."""
        return self.directory / "calls"

    def wait_for_calls(self, count: int) -> None:
        wait_until(lambda: self.calls.exists() and len(self.calls.read_text().split()) >= count)


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> None:
    """Ask for a stop until there is nobody left to ask."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    process.communicate()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, [])
    shell.write("hosts.ini", "[web]\na ansible_connection=local\nb ansible_connection=local\n")
    yield shell
    for process in shell.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
