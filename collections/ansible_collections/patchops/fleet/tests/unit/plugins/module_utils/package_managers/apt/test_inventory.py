# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import inventory
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import TIMED_OUT, Result

SHARED_HOSTS = Path(__file__).resolve().parents[11] / "shared" / "data" / "debian" / "hosts"
QUERIED = """\
bash\tamd64\t5.2.15-2+b7\tbash\t5.2.15-2\tinstall\tok\tinstalled\tshells
linux-image-6.1.0-25-amd64\tamd64\t6.1.106-3\tlinux-signed-amd64\t6.1.106+3\thold\tok\tinstalled\tkernel
libc6\ti386\t2.36-9+deb12u8\tglibc\t2.36-9+deb12u8\tinstall\tok\tinstalled\tlibs
tzdata\tall\t2024a-0+deb12u1\ttzdata\t2024a-0+deb12u1\tinstall\tok\tinstalled\tlocalization
nano\tamd64\t7.2-1\tnano\t7.2-1\tdeinstall\tok\tconfig-files\teditors
"""
INTERRUPTED = """\
openssl\tamd64\t3.0.15-1\topenssl\t3.0.15-1\tinstall\tok\thalf-configured\tutils
man-db\tamd64\t2.11.2-2\tman-db\t2.11.2-2\tinstall\tok\ttriggers-pending\tdoc
broken\tamd64\t1\tbroken\t1\tinstall\treinstreq\tinstalled\tmisc
"""
STATES = """\
Package: libc6
Architecture: i386
Auto-Installed: 1

Package: tzdata
Architecture: amd64
Auto-Installed: 1

Package: bash
Architecture: amd64
Auto-Installed: 0
"""


def test_packages_that_left_only_their_configuration_are_not_installed() -> None:
    rows = inventory.installed(inventory.parse_rows(QUERIED))
    assert [row.name for row in rows] == ["bash", "linux-image-6.1.0-25-amd64", "libc6", "tzdata"]


def test_source_names_and_versions_differ_from_the_binarys() -> None:
    kernel = inventory.parse_rows(QUERIED)[1]
    assert (kernel.source, kernel.source_version) == ("linux-signed-amd64", "6.1.106+3")


def test_an_unreadable_line_is_an_error_and_not_a_missing_package() -> None:
    with pytest.raises(DriverError, match="unreadable line: 'half a line'"):
        inventory.parse_rows("half a line\n")


def test_holds_are_what_dpkg_was_told_to_hold() -> None:
    assert inventory.held_names(inventory.parse_rows(QUERIED)) == ["linux-image-6.1.0-25-amd64"]


@pytest.mark.parametrize(
    ("name", "automatic"),
    [("bash", False), ("libc6", True), ("tzdata", True), ("linux-image-6.1.0-25-amd64", False)],
)
def test_marks_are_kept_by_architecture(name: str, automatic: bool) -> None:
    row = next(row for row in inventory.parse_rows(QUERIED) if row.name == name)
    assert inventory.is_automatic(row, inventory.parse_automatic(STATES), "amd64") is automatic


def test_a_sound_host_is_not_interrupted() -> None:
    assert inventory.describe_broken(inventory.parse_rows(QUERIED), [], "") == {
        "interrupted": False,
        "packages": [],
        "reason": None,
    }


def test_every_package_that_is_half_done_is_named_with_its_state() -> None:
    assert inventory.describe_broken(inventory.parse_rows(INTERRUPTED), [], "") == {
        "interrupted": True,
        "packages": [
            {"name": "openssl", "arch": "amd64", "state": "half-configured"},
            {"name": "man-db", "arch": "amd64", "state": "triggers-pending"},
            {"name": "broken", "arch": "amd64", "state": "reinstreq"},
        ],
        "reason": "dpkg was interrupted or failed at: openssl, man-db, broken",
    }


def test_a_status_that_dpkg_did_not_come_to_write_is_an_interruption() -> None:
    found = inventory.describe_broken(inventory.parse_rows(QUERIED), ["0001"], "")
    assert found["reason"] == "dpkg was stopped before it wrote its state (/var/lib/dpkg/updates holds files)"


def test_what_only_the_audit_sees_is_told_in_its_words() -> None:
    audit = "The following packages are missing the list control file:\n bash  GNU Bourne Again SHell\n"
    found = inventory.describe_broken(inventory.parse_rows(QUERIED), [], audit)
    assert found["interrupted"] is True
    assert found["reason"].startswith(
        "dpkg --audit: The following packages are missing the list control file"
    )


def test_owners_are_found_by_the_path_without_usr_as_well() -> None:
    spellings = {
        "/usr/lib/x86_64-linux-gnu/libz.so.1": "/usr/lib/x86_64-linux-gnu/libz.so.1",
        "/lib/x86_64-linux-gnu/libz.so.1": "/usr/lib/x86_64-linux-gnu/libz.so.1",
        "/usr/sbin/sshd": "/usr/sbin/sshd",
    }
    printed = "zlib1g:amd64: /lib/x86_64-linux-gnu/libz.so.1\nopenssh-server: /usr/sbin/sshd\n"
    assert inventory.parse_owners(printed, spellings) == {
        "/usr/lib/x86_64-linux-gnu/libz.so.1": "zlib1g",
        "/usr/sbin/sshd": "openssh-server",
    }


@pytest.mark.shared
@pytest.mark.skipif(not SHARED_HOSTS.is_dir(), reason=f"the reference data is missing: {SHARED_HOSTS}")
@pytest.mark.parametrize(("host", "count"), [("bookworm-lab", 162), ("sandbox-python", 947)])
def test_dpkg_lists_every_package_of_a_real_host(
    host: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = gzip.decompress((SHARED_HOSTS / f"dpkg-status.{host}.gz").read_bytes())
    (tmp_path / "status").write_bytes(status)
    (tmp_path / "updates").mkdir()
    run = inventory.run
    monkeypatch.setattr(
        inventory, "run", lambda argv, timeout: run([argv[0], f"--admindir={tmp_path}", *argv[1:]])
    )
    rows = inventory.installed(inventory.read_rows())
    assert len(rows) == count
    assert {row.name for row in rows} == set(
        re.findall(r"^Package: (.*)$", status.decode("utf-8"), re.MULTILINE)
    )


def test_a_mark_that_a_power_cut_tore_is_none() -> None:
    torn = "Package: libx\nArchitecture: amd64\nAuto-Installed: 1\n\nAuto-Installed: 1\n\nPackage: liby\n"
    assert inventory.parse_automatic(torn) == {"libx:amd64"}


@pytest.mark.parametrize(
    ("rc", "stderr", "message", "remedy"),
    [
        (TIMED_OUT, "dpkg: stopped after 600 seconds", "did not end within 600 seconds.", "so busy"),
        (-9, "", "was killed (signal 9).", "who killed it"),
        (2, "dpkg: error: parsing file\n", "ended with 2: dpkg: error: parsing file", "Repair /var/lib/dpkg"),
    ],
)
def test_an_audit_that_did_not_come_to_its_end_says_why_and_is_not_taken_for_a_clean_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rc: int, stderr: str, message: str, remedy: str
) -> None:
    monkeypatch.setattr(inventory, "_UNPACKED_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(inventory, "run", lambda argv, timeout: Result(rc, "", stderr))
    with pytest.raises(DriverError) as refused:
        inventory.read_broken([])
    assert refused.value.message == f"dpkg --audit {message}"
    assert remedy in refused.value.remedy
