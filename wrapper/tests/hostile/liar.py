# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose interpreter gives the answers that a test wrote, and playbooks over them.

The interpreter stands in the place of Python on the host (`ansible_python_interpreter`), so Ansible does with
an answer whatever it does with any host's. The connection is local: nothing is changed and root isn't needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers
from patchops_lab.plays import ANSIBLE_PLAYBOOK, COLLECTIONS

INTERPRETER = """\
#!{python} -I
import json, os, re, sys
path = sys.argv[-1]
module = open(path).read() if len(sys.argv) > 1 and os.path.isfile(path) else sys.stdin.read()
asked = re.search(r"operation\\W{{1,12}}(host_info|transaction_info|transaction|reboot|verify)\\b", module)
name = asked.group(1) if asked else "ping"
state = re.search(r"\\bstate\\W{{1,12}}(\\w+)", module)
if name == "transaction" and state:
    name += ":" + state.group(1)
print(open(os.path.join({answers!r}, name)).read())
"""


def honest(name: str) -> dict[str, Any]:
    """Return what an honest host says, by operation."""
    return {
        "ping": {"changed": False, "ping": "pong"},
        "host_info": honest_answers.host_info(name),
        "transaction:staged": honest_answers.transaction("staged"),
        "transaction:applied": honest_answers.transaction("applied"),
        "transaction:reverted": honest_answers.transaction("reverted", "taken_back"),
        "transaction_info": honest_answers.transaction_info(),
        "reboot": honest_answers.reboot(),
        "verify": honest_answers.verify(name),
    }


@dataclass(frozen=True)
class Ended:
    """A playbook that has ended."""

    rc: int
    output: str
    report: dict[str, Any] = field(default_factory=dict)

    def outcome(self, host: str) -> dict[str, str]:
        """Return the outcome of a host in the report."""
        return next(entry["outcome"] for entry in self.report["hosts"] if entry["host"] == host)

    def classes(self) -> dict[str, str]:
        """Return the class of each host's outcome."""
        return {entry["host"]: entry["outcome"]["class"] for entry in self.report["hosts"]}


class Fleet:
    """Hosts in the order of the inventory; the first one's variables are those of tasks that run once."""

    def __init__(self, directory: Path, *names: str) -> None:
        self.directory = directory
        self.store = directory / "documents"
        self.inventory = directory / "inventory.json"
        hosts = {name: self._host(name) for name in names}
        variables = {
            "ansible_connection": "local",
            "ansible_become": False,
            "patchops_document_store": {"kind": "directory", "path": str(self.store)},
            "patchops_failure_budget": len(names),
        }
        self.inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))

    def _host(self, name: str) -> dict[str, Any]:
        answers = self.directory / "answers" / name
        answers.mkdir(parents=True)
        interpreter = self.directory / f"python-of-{name}"
        interpreter.write_text(INTERPRETER.format(python=sys.executable, answers=str(answers)))
        interpreter.chmod(0o755)
        for operation, answer in honest(name).items():
            (answers / operation).write_text(json.dumps(answer))
        return {"ansible_python_interpreter": str(interpreter)}

    def lies(self, name: str, operation: str, raw: str | None = None, **changed: Any) -> None:
        """Have a host answer an operation with keys that are laid over the honest ones, or with raw text."""
        text = json.dumps({**honest(name)[operation], **changed}) if raw is None else raw
        (self.directory / "answers" / name / operation).write_text(text)

    def always_lies(self, name: str, **changed: Any) -> None:
        """Have a host lay keys over every answer."""
        for operation in honest(name):
            self.lies(name, operation, **changed)

    def play(
        self, playbook: str, *arguments: str, environment: Mapping[str, str] | None = None, **variables: Any
    ) -> Ended:
        """Run a playbook of the collection, or a file, to its end."""
        extra = {"patchops_run_id": "run", **{f"patchops_{name}": value for name, value in variables.items()}}
        done = subprocess.run(
            [
                str(ANSIBLE_PLAYBOOK),
                "-i",
                str(self.inventory),
                playbook if playbook.startswith("/") else f"patchops.fleet.{playbook}",
                "-e",
                json.dumps(extra),
                *arguments,
            ],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_SHOW_CUSTOM_STATS": "1",
                **(environment or {}),
            },
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        print(done.stdout + done.stderr)
        path = self.store / "runs" / "run" / "report.json"
        report = json.loads(path.read_text()) if path.exists() else {}
        return Ended(done.returncode, done.stdout + done.stderr, report)
