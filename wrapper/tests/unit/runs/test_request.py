# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two requests that ask for the same are told by their digest.

Options that would break the record are refused.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from patchops.errors import InputError
from patchops.runner.secrets import Secret
from patchops.runs.request import RunRequest, check_ansible_options

REQUEST = RunRequest(playbook="patch", inventories=["/inv"], pattern="web")


def test_the_same_question_has_the_same_digest_whatever_the_password() -> None:
    assert replace(REQUEST, secrets=[Secret("--become-password-file", "x")]).digest == REQUEST.digest


@pytest.mark.parametrize(
    "different",
    [{"playbook": "rollback"}, {"pattern": "db"}, {"check": True}, {"variables": {"patchops_select": "all"}}],
)
def test_another_question_has_another_digest(different: dict[str, object]) -> None:
    assert replace(REQUEST, **different).digest != REQUEST.digest  # type: ignore[arg-type]


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
