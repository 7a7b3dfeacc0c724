# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own playbook assesses without the wrapper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import host_findings_key

REPOSITORY = Path(__file__).resolve().parents[4]
INVENTORY = "all: {children: {web: {hosts: {web1: {patchops_exposure: internal}, web2: {}, new: {}}}}}\n"


def play(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook on the stored scans, connecting to nobody."""
    inventory = data / "hosts.yml"
    inventory.write_text(INVENTORY, encoding="utf-8")
    variables = {
        "patchops_assess_database": str(data / "advisories.sqlite3"),
        "patchops_assess_ledger": str(data / "ledger.sqlite3"),
        "patchops_document_store": {"kind": "directory", "path": str(data / "documents")},
        "patchops_run_id": "run-1",
    }
    command = ["ansible-playbook", "-i", str(inventory), "patchops.fleet.assess", "-e", json.dumps(variables)]
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:], *options],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "collections"),
            "ANSIBLE_CONFIG": str(data / "none.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
        },
        cwd=data,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def stored(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "documents/assessments/latest.json").read_text("utf-8"))
    return found


def test_the_playbook_assesses_every_host_of_the_play_once(data: Path) -> None:
    done = play(data)
    assert done.returncode == 0, done.stdout
    document = stored(data)
    assert (document["run_id"], document["totals"]["hosts"]) == ("run-1", 3)
    assert {row["host"]: row["status"] for row in document["hosts"]} == {
        "new": "unknown",
        "web1": "not_compliant",
        "web2": "compliant",
    }
    kept = host_findings_key(Inventory.of([str(data / "hosts.yml")]).host("web1"))
    assert (data / "documents" / f"{kept}.json").exists()
    assert (data / "documents/patch_sets" / f"{document['patch_set_id']}.json").exists()


def test_a_later_job_can_deploy_what_was_approved(data: Path) -> None:
    done = play(data, "-e", json.dumps({"patchops_assess_stats": True}))
    artifact = done.stdout.partition("CUSTOM STATS")[2]
    assert stored(data)["patch_set_id"] in artifact


def test_check_mode_keeps_nothing(data: Path) -> None:
    assert play(data, "--check").returncode == 0
    assert not (data / "documents/assessments").exists()


@pytest.mark.parametrize("condition", ["missing", "overdue", "unknown"])
def test_a_condition_can_fail_the_play(data: Path, condition: str) -> None:
    done = play(data, "-e", json.dumps({"patchops_assess_fail_on": [condition]}))
    assert done.returncode == 2
    assert "3 hosts: 1 compliant, 0 accepted, 1 not compliant, 1 unknown; 1 findings overdue" in done.stdout


def test_a_missing_database_is_named_with_the_remedy(data: Path) -> None:
    (data / "advisories.sqlite3").unlink()
    done = play(data)
    assert done.returncode == 2
    assert "there is no advisory database; make it with" in done.stdout
