# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import commands
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.logged import run_logged


@pytest.mark.parametrize(
    "name", ["bash", "g++", "libstdc++6", "libssl3:i386", "python3.11", "linux-image-6.1.0-9-amd64"]
)
def test_package_names_are_accepted(name: str) -> None:
    assert commands.valid_name(name)


@pytest.mark.parametrize(
    "name", ["", "bash-", "-y", "a b", "foo*", "foo;rm", "--option", "./a.deb", "/etc/x", "Foo", "x\n"]
)
def test_what_apt_would_take_for_something_else_is_not_a_name(name: str) -> None:
    assert not commands.valid_name(name)


@pytest.mark.parametrize(
    ("hook", "does"), [("mount -o remount,rw /usr", True), ("/usr/bin/snapshot", False), ("", False)]
)
def test_a_hook_that_makes_usr_writable_is_seen(
    monkeypatch: pytest.MonkeyPatch, hook: str, does: bool
) -> None:
    monkeypatch.setattr(commands.process, "run", lambda argv: commands.process.Result(0, hook + "\n", ""))
    assert commands.remounts() is does


@pytest.mark.parametrize("version", ["1.0", "1:2.3-4+deb12u1", "3.0.20-1~deb12u2", "20230311"])
def test_versions_are_accepted(version: str) -> None:
    assert commands.valid_version(version)


@pytest.mark.parametrize("version", ["", "-1", "1 2", "1/stable", "*", "1\n"])
def test_other_texts_are_not_versions(version: str) -> None:
    assert not commands.valid_version(version)


def test_only_foreign_architectures_are_named() -> None:
    assert commands.spec("tzdata", "all", "1", "amd64") == "tzdata=1"
    assert commands.spec("libc6", "amd64", "1", "amd64") == "libc6=1"
    assert commands.spec("libc6", "i386", "1", "amd64") == "libc6:i386=1"


def test_an_epoch_is_escaped_in_a_file_name() -> None:
    assert commands.file_name("login", "1:4.8.1-1", "amd64") == "login_1%3a4.8.1-1_amd64.deb"


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("login_1%3a4.8.1-1_amd64.deb", "login:amd64=1:4.8.1-1"),
        ("tzdata_2024a-0+deb11u1_all.deb", "tzdata=2024a-0+deb11u1"),
        ("bash_5.2-1_amd64.rebuilt.deb", "bash:amd64=5.2-1"),
    ],
)
def test_a_file_name_tells_which_version_is_in_it(name: str, spec: str) -> None:
    assert commands.spec_of_file(f"/way/back/{name}") == spec


def test_the_output_of_a_change_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    assert run_logged(["echo", "changed"], str(log)) == (0, "changed\n")
    assert log.read_text() == "before\n+ echo changed\nchanged\n"
