# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import excludes
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.excludes import (
    with_excludes,
)

CONFIGURATION = "# ours\n[main]\ngpgcheck=1\nbest=True\n\n[other]\nname=x\n"
BLOCKED = """\
# ours
[main]
# patchops begin: versions that were taken back; goes when their transactions are committed
# patchops transaction t1: bash-2-1
excludepkgs=bash-2-1
# patchops end
gpgcheck=1
best=True

[other]
name=x
"""


def test_versions_are_excluded_in_the_main_section() -> None:
    assert with_excludes(CONFIGURATION, {"t1": ["bash-2-1"]}) == BLOCKED


def test_taken_out_again_every_byte_is_as_before() -> None:
    assert with_excludes(BLOCKED, {"t1": []}) == CONFIGURATION


def test_the_excludes_of_two_transactions_add_up_and_end_one_by_one() -> None:
    both = with_excludes(BLOCKED, {"t2": ["zlib-3-1", "bash-2-1"]})
    assert "\nexcludepkgs=bash-2-1 zlib-3-1\n" in both
    assert with_excludes(both, {"t2": []}) == BLOCKED


@pytest.mark.parametrize(("theirs", "ours"), [("exclude", "excludepkgs"), ("excludepkgs", "exclude")])
def test_the_administrators_own_excludes_stay(theirs: str, ours: str) -> None:
    text = f"[main]\n{theirs}=kernel*\n"
    changed = with_excludes(text, {"t1": ["bash-2-1"]})
    assert f"\n{theirs}=kernel*\n" in changed
    assert f"\n{ours}=bash-2-1\n" in changed


def test_where_both_names_are_taken_nothing_is_changed() -> None:
    with pytest.raises(DriverError, match="both exclude and excludepkgs"):
        with_excludes("[main]\nexclude=a\nexcludepkgs=b\n", {"t1": ["bash-2-1"]})


@given(
    before=st.text(alphabet="ab=\n#[]", max_size=40),
    after=st.text(alphabet="ab=\n#[]", max_size=40),
    names=st.lists(st.text(alphabet="abc-1", min_size=1), min_size=1, max_size=3),
)
def test_whatever_the_file_holds_it_comes_back(before: str, after: str, names: list[str]) -> None:
    text = f"{before}\n[main]\n{after}"
    assert with_excludes(with_excludes(text, {"t1": names}), {"t1": []}) == text


def test_a_file_that_was_not_there_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dnf" / "dnf.conf"
    monkeypatch.setattr(excludes, "PATH", str(path))
    excludes.block([{"name": "bash", "version": "2-1"}], "t1")
    assert "[main]\n" in path.read_text()
    excludes.unblock("t1")
    assert not path.exists()


def test_the_mode_of_the_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dnf.conf"
    path.write_text(CONFIGURATION)
    path.chmod(0o640)
    monkeypatch.setattr(excludes, "PATH", str(path))
    excludes.block([{"name": "bash", "version": "2-1"}], "t1")
    assert (path.read_text(), path.stat().st_mode & 0o7777) == (BLOCKED, 0o640)
    excludes.unblock("t1")
    assert path.read_text() == CONFIGURATION
