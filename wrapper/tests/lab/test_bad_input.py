# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with input or hosts is said by name, state and remedy, and nobody silent is called clean."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from patchops_lab import faults, host_faults
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

from .command import PATCHOPS, Command

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("bad-input")]

PACKAGE = ("--package", "lab-goodapp", "--budget", "9")


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(
        HostSpec("good", apps=("goodapp",)),
        HostSpec("locked", sudo_password="s3cret-of-locked", apps=("goodapp",)),
        HostSpec("bare", python=False),
        HostSpec("nosec", security_repo=False),
        HostSpec("full", release="trixie", apps=("goodapp",)),
        HostSpec("forged", release="bullseye", apps=("goodapp",)),
    )


@pytest.fixture
def patchops(lab: Lab, tmp_path: Path) -> Command:
    return Command(lab, tmp_path / "data")


@pytest.fixture
def own_sockets() -> Iterator[tuple[str, ...]]:
    """No connection that is open already; the path of a socket may have 107 bytes only."""
    with TemporaryDirectory() as sockets:
        yield ("-e", f"ansible_control_path_dir={sockets}")


@pytest.fixture
def wrong_key(tmp_path: Path) -> tuple[str, ...]:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return ("-e", f"ansible_ssh_private_key_file={key}")


@pytest.fixture
def wrong_password(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "sudo").write_text("wrong\n", encoding="utf-8")
    return ("--become-password-file", str(tmp_path / "sudo"))


def assert_named(
    found: tuple[int, dict[str, dict[str, Any]]], host: str, status: int, code: str, remedy: str
) -> None:
    exit_code, hosts = found
    assert list(hosts) == [host]
    outcome = hosts[host]["outcome"]
    assert (exit_code, outcome["code"]) == (status, code), outcome
    assert remedy in outcome["remedy"]
    assert (hosts[host]["effective"], hosts[host]["changes"]) == ("unknown", [])


@pytest.mark.parametrize("command", [("scan",), ("patch", *PACKAGE)], ids=["scan", "patch"])
def test_a_pattern_that_names_nobody_is_a_usage_error(patchops: Command, command: tuple[str, ...]) -> None:
    ran = patchops.run(*command, "--limit", "good,nosuch")
    assert ran.returncode == 2
    assert "names 'nosuch', which is no host or group of" in ran.stderr
    assert "Nothing was started." in ran.stderr


@pytest.mark.parametrize("command", ["scan", "patch"])
def test_a_broken_inventory_is_named_with_the_place(tmp_path: Path, command: str) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  hosts:\n    - [good\n", encoding="utf-8")
    ran = subprocess.run(
        [PATCHOPS, command, "-i", inventory, "--limit", "all"],
        env={**os.environ, "PATCHOPS_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert f"The inventory {inventory} can't be read." in ran.stderr
    assert "Correct the file at the place named" in ran.stderr


@pytest.mark.parametrize("command", [("scan",), ("patch", *PACKAGE)], ids=["scan", "patch"])
def test_a_wrong_key(
    patchops: Command, own_sockets: tuple[str, ...], wrong_key: tuple[str, ...], command: tuple[str, ...]
) -> None:
    found = patchops.report(*command, "--limit", "good", *own_sockets, *wrong_key)
    assert_named(found, "good", 4, "authentication_failed", "Check ansible_user and its key")


def test_the_doctor_is_not_let_in_by_a_connection_that_was_left_open(
    patchops: Command, own_sockets: tuple[str, ...], wrong_key: tuple[str, ...]
) -> None:
    assert patchops.run("doctor", "--limit", "good", "--", *own_sockets).returncode == 0
    ran = patchops.run("doctor", "--limit", "good", "--", *own_sockets, *wrong_key)
    assert ran.returncode == 4
    assert "authentication_failed" in ran.stdout


@pytest.mark.parametrize("command", [("scan",), ("patch", *PACKAGE)], ids=["scan", "patch"])
def test_a_wrong_sudo_password(
    patchops: Command, wrong_password: tuple[str, ...], command: tuple[str, ...]
) -> None:
    found = patchops.report(*command, "--limit", "locked", *wrong_password)
    assert_named(found, "locked", 4, "become_failed", "Check the become password")


@pytest.mark.parametrize("command", [("scan",), ("patch", *PACKAGE)], ids=["scan", "patch"])
def test_a_host_without_python(patchops: Command, command: tuple[str, ...]) -> None:
    found = patchops.report(*command, "--limit", "bare")
    assert_named(found, "bare", 4, "python_missing", "Install Python 3")


@pytest.mark.parametrize("command", [("scan",), ("patch", "--select", "security")], ids=["scan", "patch"])
def test_a_host_without_a_security_repository(patchops: Command, command: tuple[str, ...]) -> None:
    found = patchops.report(*command, "--limit", "nosec")
    assert found[0] == 5
    assert found[1]["nosec"]["outcome"]["code"] == "security_unknown"
    assert "its security source is absent" in found[1]["nosec"]["outcome"]["message"]
    assert "Give the host a readable, signed" in found[1]["nosec"]["outcome"]["remedy"]


def test_a_bad_signature_makes_a_scan_unknown_and_a_patch_refuse(lab: Lab, patchops: Command) -> None:
    # apt keeps the indexes that it read before, and would go on with them.
    lab.host("forged").run("apt-get", "update")
    faults.inject(lab, "bad-signature", "bullseye-security")
    scanned = patchops.report("scan", "--limit", "forged")
    patched = patchops.report("patch", "--limit", "forged", *PACKAGE)
    faults.clear(lab, "bad-signature", "bullseye-security")
    assert_named(scanned, "forged", 5, "security_unknown", "Give the host a readable, signed")
    assert_named(patched, "forged", 4, "repository_unsigned", "find out who altered the repository")
    assert ("lab-goodapp", "1.0", "all") in lab.host("forged").packages()


def test_a_vendors_repository_that_can_not_be_read_is_not_nothing_to_do(lab: Lab, patchops: Command) -> None:
    line = "deb [trusted=yes] http://mirror.lab/nowhere stable main"
    lab.host("good").run("sh", "-c", f"echo '{line}' > /etc/apt/sources.list.d/vendor.list")
    scanned = patchops.report("scan", "--limit", "good")
    patched = patchops.report("patch", "--limit", "good", *PACKAGE)
    assert_named(scanned, "good", 5, "updates_unknown", "Repair the repository")
    assert "http://mirror.lab/nowhere" in scanned[1]["good"]["outcome"]["message"]
    assert_named(patched, "good", 4, "repository_unreadable", "Repair the repository")


def test_no_space_refuses_a_patch_and_names_the_place(lab: Lab, patchops: Command) -> None:
    host = lab.host("full")
    host.run("mkdir", "-m", "700", "/var/lib/patchops")
    host_faults.fill(host, "/var/lib/patchops")
    patched = patchops.report("patch", "--limit", "full", *PACKAGE)
    host_faults.make_room(host, "/var/lib/patchops")
    assert_named(patched, "full", 4, "no_space", "Free space")
    assert "/var/lib/patchops" in patched[1]["full"]["outcome"]["message"]
    assert ("lab-goodapp", "1.0", "all") in host.packages()
