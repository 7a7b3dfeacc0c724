# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes hosts, and which options of Ansible would break the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from patchops.runs.request import RunRequest

REQUEST = RunRequest(playbook="patch", inventories=["/inv"], pattern="web")


@pytest.mark.parametrize(
    ("playbook", "check", "changes"),
    [("patch", False, True), ("patch", True, False), ("scan", False, False), ("verify", False, False)],
)
def test_what_changes_hosts(playbook: str, check: bool, changes: bool) -> None:
    assert replace(REQUEST, playbook=playbook, check=check).changes_hosts is changes
