# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt prints, recorded from apt 2.2 (bullseye), 2.6 (bookworm) and 3.0 (trixie)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import simulation

RECORDED = Path(__file__).parent / "recorded"
SHOWN = """\
Package: tzdata
Version: 2026b-0+deb12u1
Installed-Size: 3096
Architecture: all
Description-en: time zone data
 Version: is also a word
Filename: pool/main/t/tzdata/tzdata_2026b-0+deb12u1_all.deb
Size: 300000
SHA256: aaaa

Package: tzdata
Status: install ok installed
Installed-Size: 3000
Architecture: all
Version: 2026a-0+deb12u1
"""


def recorded(release: str) -> list[simulation.Change]:
    return simulation.parse_changes((RECORDED / f"simulate-upgrade-{release}.txt").read_text())


@pytest.mark.parametrize(("release", "count"), [("bullseye", 33), ("bookworm", 15), ("trixie", 10)])
def test_every_upgrade_of_a_recorded_simulation_is_read(release: str, count: int) -> None:
    changes = recorded(release)
    assert len(changes) == count
    assert all(change.before and change.after and change.arch for change in changes)


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_recorded_security_updates_are_known_as_such(release: str) -> None:
    assert all(simulation.is_security(change.releases) for change in recorded(release))


def test_a_line_with_unconfigured_packages_behind_it_is_read() -> None:
    line = (
        "Inst libpam-modules-bin [1.4.0-9+deb11u1] (1.4.0-9+deb11u2 "
        "Debian-Security:11/oldoldstable-security [amd64]) [libpam-modules:amd64 on libpam-modules-bin:amd64]"
    )
    assert simulation.parse_changes(line) == [
        simulation.Change(
            "libpam-modules-bin",
            "amd64",
            "1.4.0-9+deb11u1",
            "1.4.0-9+deb11u2",
            [{"label": "Debian-Security", "version": "11", "suite": "oldoldstable-security"}],
        )
    ]


def test_a_local_file_comes_from_no_release() -> None:
    [change] = simulation.parse_changes("Inst zlib1g [1:1.2.13] (1:1.2.13+u1 local-deb [amd64])")
    assert (change.before, change.after) == ("1:1.2.13", "1:1.2.13+u1")
    assert not simulation.is_security(change.releases)


def test_a_new_package_has_nothing_before() -> None:
    [change] = simulation.parse_changes("Inst libfoo1 (1.0-1 Debian:12.15/oldstable [amd64])")
    assert (change.before, change.after) == (None, "1.0-1")


def test_a_foreign_package_keeps_its_architecture() -> None:
    [change] = simulation.parse_changes("Inst libfoo1:i386 [1.0] (1.1 Debian:12/oldstable [i386])")
    assert (change.name, change.arch) == ("libfoo1", "i386")


def test_a_version_that_two_releases_serve_names_both() -> None:
    line = "Inst a [1] (2 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])"
    [change] = simulation.parse_changes(line)
    assert [release["suite"] for release in change.releases] == ["oldstable", "oldstable-security"]
    assert simulation.is_security(change.releases)


@pytest.mark.parametrize("verb", ["Remv", "Purg"])
def test_a_removal_has_nothing_after(verb: str) -> None:
    [change] = simulation.parse_changes(f"{verb} old-package [1.0-2] [other:amd64 ]")
    assert (change.name, change.before, change.after) == ("old-package", "1.0-2", None)


def test_lines_that_change_nothing_are_passed_over() -> None:
    assert simulation.parse_changes("Reading package lists...\nConf a (2 Debian:12/x [amd64])\n") == []


def test_a_change_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood"):
        simulation.parse_changes("Inst something entirely new")


@pytest.mark.parametrize(
    ("message", "code", "subject"),
    [
        ("Version '9.9' for 'libexpat1' was not found", "version_unknown", "libexpat1=9.9"),
        ("Unable to locate package nosuch", "package_unknown", "nosuch"),
        ("Package 'gone' has no installation candidate", "package_unknown", "gone"),
        ("Unable to correct problems, you have held broken packages.", "unsatisfiable", ""),
    ],
)
def test_apts_errors_are_told_apart(message: str, code: str, subject: str) -> None:
    assert simulation.classify_error([message]) == {"code": code, "subject": subject}


def test_only_apts_error_lines_are_errors() -> None:
    assert simulation.errors("W: be careful\nE: Unable to locate package x\n") == [
        "Unable to locate package x"
    ]


def test_what_depends_on_what_is_told_on_the_standard_output() -> None:
    told = "Unmet dependencies:\n e2fsprogs : PreDepends: libext2fs2 (= 1) but 2 is\n"
    assert simulation.unmet(told) == ["e2fsprogs : PreDepends: libext2fs2 (= 1) but 2 is"]


def test_records_tell_what_a_repository_serves() -> None:
    served, installed = simulation.records(SHOWN)
    assert served == {
        "name": "tzdata",
        "version": "2026b-0+deb12u1",
        "arch": "all",
        "size": 300000,
        "sha256": "aaaa",
        "installed_kib": 3096,
        "served": True,
    }
    assert (installed["version"], installed["served"]) == ("2026a-0+deb12u1", False)


@pytest.mark.parametrize(
    ("written", "kib"), [("1234.5", 1235), ("1234.0", 1234), ("12 kB", 0), ("-3", 0), ("9" * 400, 0), ("", 0)]
)
def test_a_size_that_a_builder_wrote_in_his_own_way_stops_nobody(written: str, kib: int) -> None:
    (record,) = simulation.records(f"Package: a\nVersion: 1\nInstalled-Size: {written}\nSize: 7\n")
    assert (record["installed_kib"], record["size"]) == (kib, 7)
