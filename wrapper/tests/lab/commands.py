# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the command `patchops` on lab hosts as a person would, and read what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchops.lab.hosts import LabHost
from patchops.lab.lab import Lab


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it said on both streams."""

    status: int
    output: str


class Patchops:
    """The command on one lab, with a data directory of its own."""

    def __init__(self, lab: Lab, data: Path) -> None:
        self.lab = lab
        self.data = data

    def start(self, *arguments: str, inventory: Path | None = None) -> subprocess.Popen[str]:
        """Start it; `inventory` stands for the lab's own."""
        words = [sys.executable, "-m", "patchops", *arguments]
        if arguments[0] in ("scan", "patch", "verify", "rollback", "reboot", "cleanup", "doctor"):
            words += ["-i", str(inventory or self.lab.paths.inventory)]
        return subprocess.Popen(
            words,
            env={**os.environ, "PATCHOPS_DATA": str(self.data), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, inventory: Path | None = None) -> Ended:
        """Run it to its end."""
        process = self.start(*arguments, inventory=inventory)
        output, _ = process.communicate(timeout=900)
        return Ended(process.returncode, output)

    def report(self) -> dict[str, Any]:
        """Return the report of the newest run."""
        ended = self.run("report", "--json")
        assert ended.status == 0, ended.output
        report: dict[str, Any] = json.loads(ended.output)
        return report

    def host(self, name: str) -> dict[str, Any]:
        """Return a host's entry of the newest report."""
        return next(entry for entry in self.report()["hosts"] if entry["host"] == name)


def journal(host: LabHost) -> list[dict[str, Any]]:
    """The entries of all journals of a host, read from outside; empty before its first transaction."""
    directory = host.paths.upper / "var/lib/patchops/transactions"
    files = sorted(directory.glob("*/journal.jsonl")) if directory.exists() else []
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def states(host: LabHost) -> list[str]:
    """The states that a host's journals went through."""
    return [entry["state"] for entry in journal(host) if entry["event"] == "state"]


def upgrades(host: LabHost) -> list[str]:
    """Package and new version of each upgrade in a host's dpkg.log; empty before its first one."""
    log = host.paths.upper / "var/log/dpkg.log"
    words = [line.split() for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    return [f"{line[3]} {line[5]}" for line in words if line[2] == "upgrade"]
