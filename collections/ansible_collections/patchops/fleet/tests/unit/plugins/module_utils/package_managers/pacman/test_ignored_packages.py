# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import ignored_packages

CONFIGURATION = "# ours\n[options]\nHoldPkg = pacman\nIgnorePkg = linux\n\n[core]\nInclude = /x\n"
BLOCKED = """\
# ours
[options]
# patchops begin: versions that were taken back; goes when their transactions are committed
# patchops transaction t1: bash-5.2-1 vim-2:9-1
IgnorePkg = bash vim
# patchops end
HoldPkg = pacman
IgnorePkg = linux

[core]
Include = /x
"""
PACKAGES = st.lists(st.from_regex(r"[a-z]{1,5}-[0-9]{1,2}-[0-9]", fullmatch=True), min_size=1, unique=True)


def test_names_are_ignored_in_the_options() -> None:
    assert ignored_packages.with_ignored(CONFIGURATION, {"t1": ["bash-5.2-1", "vim-2:9-1"]}) == BLOCKED


@given(versions=PACKAGES)
def test_taken_out_again_every_byte_is_as_before(versions: list[str]) -> None:
    blocked = ignored_packages.with_ignored(CONFIGURATION, {"t1": versions})
    assert ignored_packages.with_ignored(blocked, {"t1": []}) == CONFIGURATION


def test_versions_are_kept_although_pacman_knows_names_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pacman.conf"
    path.write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.setattr(ignored_packages, "PATH", str(path))
    ignored_packages.block([{"name": "bash", "version": "5.2-1"}], "t1")
    ignored_packages.block([{"name": "bash", "version": "5.3-1"}], "t2")
    assert ignored_packages.read_blocked() == {"bash": {"5.2-1", "5.3-1"}}
    ignored_packages.unblock("t1")
    assert ignored_packages.read_blocked() == {"bash": {"5.3-1"}}
    ignored_packages.unblock("t2")
    assert path.read_text(encoding="utf-8") == CONFIGURATION


@pytest.mark.parametrize(
    ("patterns", "own"),
    [
        (["bash", "linux*"], ["linux*"]),
        (["bash", "bash"], ["bash"]),
        (["linux"], ["linux"]),
    ],
)
def test_what_the_administrator_ignores_is_told_from_what_is_blocked(
    patterns: list[str], own: list[str]
) -> None:
    assert ignored_packages.administrators_own(patterns, {"bash": {"5.2-1"}}) == own
