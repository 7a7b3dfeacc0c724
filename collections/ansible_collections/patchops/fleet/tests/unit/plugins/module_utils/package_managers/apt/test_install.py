# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import (
    Apt,
    install,
    inventory,
    pins,
    rebuild,
)

FAILED = """\
Setting up lab-failapp (1.1) ...
dpkg: error processing package lab-failapp (--configure):
 installed lab-failapp package post-installation script subprocess returned error exit status 7
Errors were encountered while processing:
 lab-failapp
E: Sub-process /usr/bin/dpkg returned an error code (1)
"""
STATUS = """\
Package: bash
Status: install ok installed
Version: 5.2-1
Conffiles:
 /etc/bash.bashrc 89269e1298235f1b12b4c16e4065ad0d
Description: GNU shell
 More about it.
"""


def test_a_failure_is_told_in_dpkgs_words() -> None:
    assert install.complaint(FAILED) == (
        "dpkg: error processing package lab-failapp (--configure): installed lab-failapp package "
        "post-installation script subprocess returned error exit status 7; at lab-failapp; "
        "E: Sub-process /usr/bin/dpkg returned an error code (1)"
    )


FATAL = """\
E: Sub-process /usr/bin/dpkg returned an error code (2)
dpkg: unrecoverable fatal error, aborting:
 files list file for package 'lab-app' is missing final newline
"""


def test_the_cause_of_a_fatal_error_is_on_its_next_line_and_comes_first() -> None:
    assert install.complaint(FATAL) == (
        "dpkg: unrecoverable fatal error, aborting: files list file for package 'lab-app' is missing final "
        "newline; E: Sub-process /usr/bin/dpkg returned an error code (2)"
    )


def test_of_many_errors_the_first_are_told_whole_and_the_others_are_counted() -> None:
    one = "dpkg: error processing package {} (--configure):\n {}\n"
    told = install.complaint("".join(one.format(f"p{number}", "x" * 300) for number in range(20)))
    assert "p0 (--configure): " + "x" * 300 in told
    assert "and 17 more errors" in told


def test_a_failure_without_words_is_told_by_its_last_lines() -> None:
    assert install.complaint("one\ntwo\n") == "one two"


def test_no_repository_is_in_sight_of_an_install() -> None:
    arguments = install._arguments(["/p/a_1_all.deb"], [], False)
    assert "Dir::Etc::sourcelist=/dev/null" in arguments
    assert "Dir::Etc::sourceparts=/dev/null" in arguments
    assert arguments[-4:] == ["--no-remove", "install", "/p/a_1_all.deb", "a=1"]


def test_removals_are_named_and_downgrades_allowed_only_when_asked_for() -> None:
    arguments = install._arguments(["/p/a_1_all.deb"], ["newdep"], True)
    assert arguments[-5:] == ["--allow-downgrades", "install", "/p/a_1_all.deb", "newdep-", "a=1"]


@pytest.mark.parametrize(
    ("arch", "named"), [("amd64", "libnewdep"), ("all", "libnewdep"), ("i386", "libnewdep:i386")]
)
def test_a_removal_names_the_architecture_that_is_not_the_hosts_own(
    monkeypatch: pytest.MonkeyPatch, arch: str, named: str
) -> None:
    monkeypatch.setattr(inventory, "read_architecture", lambda: "amd64")
    assert Apt().removal("libnewdep", arch, "1.0") == named


def test_blocked_versions_are_pinned_below_zero_on_every_architecture() -> None:
    assert pins.pins([{"name": "libssl3", "version": "3.0.22-1"}], "t1") == (
        "Explanation: Taken back by PatchOps, transaction t1.\n"
        "Explanation: Goes when that transaction is committed.\n"
        "Package: libssl3:any\nPin: version 3.0.22-1\nPin-Priority: -1\n"
    )


def test_apt_can_read_the_pins_and_they_go_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "DIRECTORY", str(tmp_path))
    pins.block([{"name": "a", "version": "1"}], "t1")
    assert stat.S_IMODE((tmp_path / "patchops-t1").stat().st_mode) == 0o644
    pins.unblock("t1")
    pins.unblock("t1")
    assert list(tmp_path.iterdir()) == []


def test_a_rebuilt_package_has_the_control_fields_of_the_original() -> None:
    assert rebuild.control(STATUS) == (
        "Package: bash\nVersion: 5.2-1\nDescription: GNU shell\n More about it.\n"
    )


def test_a_diverted_file_is_read_from_where_it_is() -> None:
    listed = "/.\n/bin\n/bin/sh\ndiverted by dash to: /bin/sh.distrib\n/bin/dash\n"
    assert rebuild.paths(listed) == [
        ("/bin", "/bin"),
        ("/bin/sh", "/bin/sh.distrib"),
        ("/bin/dash", "/bin/dash"),
    ]
