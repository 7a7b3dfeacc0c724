# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes hosts, and which options of Ansible would break the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from patchops.errors import InputError
from patchops.runs.request import RunRequest, check_ansible_options

REQUEST = RunRequest(playbook="patch", inventories=["/inv"], pattern="web")


@pytest.mark.parametrize(
    ("playbook", "check", "changes"),
    [("patch", False, True), ("patch", True, False), ("scan", False, False), ("verify", False, False)],
)
def test_what_changes_hosts(playbook: str, check: bool, changes: bool) -> None:
    assert replace(REQUEST, playbook=playbook, check=check).changes_hosts is changes


@pytest.mark.parametrize("option", ["-K", "--ask-pass", "--limit=web", "-i", "--check", "prod@prompt"])
def test_options_that_are_ours_or_would_prompt_are_refused(option: str) -> None:
    with pytest.raises(InputError):
        check_ansible_options(["--forks", "5", option])


def test_other_options_pass() -> None:
    check_ansible_options(["--forks", "5", "-vvv", "--vault-id", "prod@/etc/vault"])
