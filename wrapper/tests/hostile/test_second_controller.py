# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a second controller can't get by its variables: hosts are taken over by name, tokens are numbers.

What it is refused on the hosts themselves is tested on real ones (`test_patch_play_killed`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from patchops_lab.plays import COLLECTIONS

# Nothing listens there: a plan that were not refused would end otherwise, and soon.
INVENTORY = "web1 ansible_host=127.0.0.1 ansible_port=1\nweb2 ansible_host=127.0.0.1 ansible_port=1\n"


def rollback(directory: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    inventory = directory / "hosts.ini"
    inventory.write_text(INVENTORY, encoding="utf-8")
    extra = json.dumps({"patchops_document_store": {"kind": "none"}, "patchops_hosts": "web1", **variables})
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            *("-i", str(inventory), "-e", extra, "patchops.fleet.rollback"),
        ],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1"},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "value",
    [True, "all", "web*", "web1,web2"],
    ids=["a yes", "a group", "a pattern", "a host of another run"],
)
def test_only_hosts_that_the_run_names_are_taken_over(tmp_path: Path, value: object) -> None:
    ran = rollback(tmp_path, patchops_take_over=value)
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.returncode != 0
    assert "patchops_take_over: " in said
    assert "Nothing was done." in said
    assert "unreachable=1" not in said


def test_a_fencing_token_is_a_number(tmp_path: Path) -> None:
    ran = rollback(tmp_path, patchops_fence="newest")
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.returncode != 0
    assert "patchops_fence: 'newest' is no fencing token" in said
