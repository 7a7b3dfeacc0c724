# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords, doctor and bad access on real hosts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .command import PATCHOPS, Command, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("cli-access")]

SECRET = "s3cret-of-old1"


@pytest.fixture(scope="module")
def module_lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("plain1"),
        HostSpec("old1", release="bullseye", sudo_password=SECRET),
        HostSpec("bare1", python=False),
    )


@pytest.fixture
def patchops(module_lab: Lab, tmp_path: Path) -> Iterator[Command]:
    command = Command(module_lab, tmp_path / "data")
    yield command
    command.end_all()


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


def test_a_sudo_password_from_a_prompt_works_and_leaves_no_trace(patchops: Command) -> None:
    talk = pexpect.spawn(
        str(PATCHOPS),
        ["scan", "-i", str(patchops.lab.paths.inventory), "--limit", "old1", "-K"],
        env=patchops.environment,
        encoding="utf-8",
        timeout=600,
    )
    talk.expect("BECOME password")
    talk.sendline(SECRET)
    wait_until(lambda: bool(list(patchops.data.glob("runs/*/attempt-1/artifacts/ansible/stdout"))))
    while_running = processes_with(SECRET)
    talk.expect(pexpect.EOF)
    talk.wait()

    assert talk.exitstatus == 0, talk.before
    assert SECRET not in talk.before
    assert while_running == []
    assert files_with(SECRET, patchops.data) == []


def test_a_sudo_password_from_a_file_works(patchops: Command, tmp_path: Path) -> None:
    (tmp_path / "sudo").write_text(f"{SECRET}\n")

    code, hosts = patchops.report("scan", "--limit", "old1", "--become-password-file", str(tmp_path / "sudo"))

    assert code == 0, hosts


def test_a_wrong_sudo_password_is_named_with_the_host_and_the_remedy(
    patchops: Command, tmp_path: Path
) -> None:
    (tmp_path / "sudo").write_text("wrong\n")

    code, hosts = patchops.report("scan", "--limit", "old1", "--become-password-file", str(tmp_path / "sudo"))

    assert code == 4
    assert hosts["old1"]["outcome"]["code"] == "become_failed"
    assert "password" in hosts["old1"]["outcome"]["remedy"]


def test_the_doctor_tells_host_by_host_what_is_missing(patchops: Command) -> None:
    ran = patchops.run("doctor")

    assert ran.returncode == 4
    assert "1 of 3 hosts can be patched from here." in ran.stdout
    assert "become_failed" in ran.stdout
    assert "python_missing" in ran.stdout
    assert "Install Python 3 on the host" in ran.stdout


def test_the_doctor_finds_a_sound_host_sound(patchops: Command) -> None:
    ran = patchops.run("doctor", "--limit", "plain1")

    assert ran.returncode == 0, ran.stdout
    assert "1 of 1 hosts can be patched from here." in ran.stdout
    assert "✗" not in ran.stdout


def test_an_unknown_host_key_is_refused_and_named(patchops: Command, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    options = f"-F {patchops.lab.paths.state}/ssh/config -o UserKnownHostsFile={tmp_path}/known_hosts"

    code, hosts = patchops.report(
        "scan", "--limit", "plain1", "-e", f"ansible_ssh_common_args='{options} -o ControlPath=none'"
    )

    assert code == 4
    assert hosts["plain1"]["outcome"]["code"] == "host_key_unknown"
    assert "known_hosts" in hosts["plain1"]["outcome"]["remedy"]
