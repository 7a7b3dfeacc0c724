# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords reach Ansible and nothing else: no argument, no environment, no file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from .conftest import PATCHOPS, Shell

# Another run of these tests beside this one has another secret.
SECRET = f"c0rrect-h0rse-{secrets.token_hex(8)}"


def files_with(secret: str, directory: Path) -> list[str]:
    return [
        str(path) for path in directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
    ]


def processes_with(secret: str) -> list[str]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                seen = Path(entry.path, "cmdline").read_bytes() + Path(entry.path, "environ").read_bytes()
            except OSError:
                continue
            found += [entry.name] if secret.encode() in seen else []
    return found


@pytest.fixture
def talk(shell: Shell) -> pexpect.spawn:
    """A slow patch that asks for all three passwords, answered, with a vaulted variable in its inventory."""
    return pexpect.spawn(
        str(PATCHOPS),
        [
            "patch",
            "-i",
            "hosts.ini",
            "--limit",
            "all",
            "-k",
            "-K",
            "-J",
            "-e",
            shell.variables(standin_seconds=10),
        ],
        cwd=str(shell.directory),
        env=shell.environment,
        encoding="utf-8",
        timeout=300,
    )


def test_prompted_passwords_are_in_no_file_argument_or_environment(shell: Shell, talk: pexpect.spawn) -> None:
    for prompt in ("SSH password", "BECOME password", "Vault password"):
        talk.expect(prompt)
        talk.sendline(SECRET)
    shell.wait_for_calls(1)

    while_running = processes_with(SECRET)
    talk.expect(pexpect.EOF)
    talk.wait()

    assert talk.exitstatus == 0, talk.before
    assert SECRET not in talk.before
    assert while_running == []
    assert files_with(SECRET, shell.data) == []
    assert list(shell.data.rglob("secret-*")) == []


def test_passed_variables_reach_the_playbook_and_are_not_written_down(shell: Shell) -> None:
    ran = shell.run(
        *("scan", "-i", "hosts.ini", "--pass-env", "MY_TOKEN"),
        *("-e", "standin_result={{ 'done' if lookup('env', 'MY_TOKEN') else 'failed' }}"),
        *("--query", "result"),
        MY_TOKEN=SECRET,
    )

    assert ran.stdout.strip() == '"done"', ran.stderr
    assert files_with(SECRET, shell.data) == []


def test_other_variables_of_the_shell_stay_there(shell: Shell) -> None:
    ran = shell.run(
        *("scan", "-i", "hosts.ini", "--query", "result"),
        *("-e", "standin_result={{ 'failed' if lookup('env', 'MY_TOKEN') else 'done' }}"),
        MY_TOKEN=SECRET,
    )

    assert ran.stdout.strip() == '"done"', ran.stderr


def test_an_empty_password_is_refused(shell: Shell) -> None:
    talk = pexpect.spawn(
        str(PATCHOPS),
        ["scan", "-i", "hosts.ini", "-k"],
        cwd=str(shell.directory),
        env=shell.environment,
        encoding="utf-8",
        timeout=300,
    )
    talk.expect("SSH password")
    talk.sendline("")
    talk.expect("empty")
    talk.expect(pexpect.EOF)
    talk.wait()

    assert talk.exitstatus == 2
