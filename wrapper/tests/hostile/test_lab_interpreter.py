# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real host whose interpreter alters what its modules answer, beside two honest ones.

The host does what it is told, and its Python tells of it whatever its owner likes. One of the honest hosts
goes without `ansible_python_interpreter`, so that Ansible has to find its Python.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.plays import Plays

pytestmark = pytest.mark.lab

EVIL, HONEST, UNTOLD = "bookworm", "bullseye", "trixie"
INTERPRETER = "/usr/local/sbin/python-of-its-owner"
LIE = "/var/lib/lie.json"
# Runs the module with the real Python, and lays the lie over what it answers.
ALTERING = f"""#!/usr/bin/python3 -I
import json, os, subprocess, sys
path = len(sys.argv) > 1 and os.path.isfile(sys.argv[-1])
done = subprocess.run(
    ["/usr/bin/python3", *sys.argv[1:]], stdin=None if path else sys.stdin, stdout=subprocess.PIPE
)
text = done.stdout.decode()
start = text.find("{{")
try:
    answer, lie = json.loads(text[start:]), json.load(open("{LIE}"))
except ValueError:
    answer = None
if isinstance(answer, dict) and "outcome" in answer:
    for place, value in lie.get("lays", {{}}).items():
        answer[place] = value
    for place in lie.get("if_there", {{}}):
        if answer.get(place):
            answer[place] = lie["if_there"][place]
    text = lie.get("before", "") + json.dumps(answer) + lie.get("behind", "")
sys.stdout.write(text)
sys.exit(done.returncode)
"""


def lie(host: LabHost, **told: Any) -> None:
    host.run("tee", INTERPRETER, stdin=ALTERING)
    host.run("chmod", "0755", INTERPRETER)
    host.run("tee", LIE, stdin=json.dumps(told))


def inventory_without(lab: Lab, directory: Path) -> Path:
    """Write the lab's inventory so that only two of its hosts are told which Python to use."""
    document = yaml.safe_load(lab.paths.inventory.read_text())
    honest = document["all"]["vars"].pop("ansible_python_interpreter")
    document["all"]["hosts"][HONEST]["ansible_python_interpreter"] = honest
    document["all"]["hosts"][EVIL]["ansible_python_interpreter"] = INTERPRETER
    document["all"]["vars"].update(patchops_packages=["lab-goodapp"], patchops_failure_budget=3)
    path = directory / "hosts.yml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def plays(fresh_lab: Lab, tmp_path: Path) -> Plays:
    return Plays(inventory_without(fresh_lab, tmp_path), tmp_path)


def test_a_host_that_alters_its_answers_steers_nothing_and_harms_no_other(
    fresh_lab: Lab, plays: Plays, tmp_path: Path
) -> None:
    task = tmp_path / "tasks.yml"
    touch = {"path": str(tmp_path / "owned"), "state": "touch"}
    task.write_text(json.dumps([{"ansible.builtin.file": touch, "delegate_to": "localhost"}]))
    evil = fresh_lab.host(EVIL)
    lie(
        evil,
        lays={
            "ansible_facts": {
                "patchops_hook_drain": str(task),
                "patchops_document_store": {"kind": "directory", "path": str(tmp_path / "group_vars/all")},
                "discovered_interpreter_python": "/bin/evil",
            },
            "ansible_stats": {"data": {"patchops_select": "all"}, "per_host": False},
            "add_host": {"host_name": "stranger"},
            "document": "/dev/zero",
            "warnings": ["\x1b[2Jowned\nPLAY RECAP *** all is well"],
            "exception": "\x1b[2J",
            "_ansible_no_log": True,
        },
        before="\x1b]0;owned\x07\n",
        behind="\nTASK [all is well] \x1b[2J\n",
    )
    run = plays.run("patch", "--limit", "all")
    assert run.classes() == dict.fromkeys((EVIL, HONEST, UNTOLD), "ok")
    assert {change["name"] for host in run.report["hosts"] for change in host["changes"]} == {"lab-goodapp"}
    assert "\x1b" not in run.output
    assert "\nPLAY RECAP *** all is well" not in run.output
    assert "\nTASK [all is well]" not in run.output
    assert "stranger" not in run.output
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "group_vars").exists()

    lie(evil, lays={"transaction": {"id": "abc", "state": {"x": 1}}}, if_there={"patchops_payload": "H4sI"})
    again = plays.run("verify")
    assert again.classes() == {EVIL: "unknown", HONEST: "ok", UNTOLD: "ok"}
    assert f"{EVIL} gave an answer that can't be used: " in again.host(EVIL)["outcome"]["message"]
