# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of /etc is put back after a change was taken back, and what is left to people."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.transaction import etc_survey
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_survey import (
    UNREADABLE,
    judge,
    look,
)

PATHS = st.sampled_from(["a", "b", "c"])
ENTRIES = st.dictionaries(PATHS, st.sampled_from(["1", "2", "3"]).map(lambda text: {"content": text}))
FORMER: dict[str, Any] = {"a": {"content": "former"}}
NEWER: dict[str, Any] = {"a": {"content": "newer"}}
EDITED: dict[str, Any] = {"a": {"content": "edited"}}


def test_what_the_change_made_and_nobody_touched_is_put_back() -> None:
    assert judge(FORMER, NEWER, NEWER, NEWER) == (["a"], [])


def test_a_file_that_the_change_brought_goes_and_one_that_it_removed_comes_back() -> None:
    assert judge({}, NEWER, NEWER, NEWER) == (["a"], [])
    assert judge(FORMER, {}, {}, {}) == (["a"], [])


def test_what_only_the_older_version_made_is_put_back() -> None:
    assert judge(FORMER, FORMER, FORMER, NEWER) == (["a"], [])


def test_what_somebody_edited_since_the_change_stays_and_is_named() -> None:
    assert judge(FORMER, NEWER, EDITED, EDITED) == ([], ["a"])
    assert judge(FORMER, NEWER, EDITED, NEWER) == ([], ["a"])


def test_what_others_edited_and_the_change_never_touched_is_nobodys_business() -> None:
    assert judge(FORMER, FORMER, EDITED, EDITED) == ([], [])
    assert judge({}, {}, EDITED, EDITED) == ([], [])


def test_what_could_not_be_read_before_or_after_is_not_put_back() -> None:
    unreadable = {"a": UNREADABLE}
    assert judge(unreadable, NEWER, NEWER, NEWER) == ([], ["a"])
    assert judge(FORMER, FORMER, FORMER, unreadable) == ([], ["a"])


def test_after_a_crash_only_what_the_way_back_itself_made_is_put_back() -> None:
    assert judge(FORMER, None, FORMER, NEWER) == (["a"], [])
    assert judge(FORMER, None, NEWER, NEWER) == ([], ["a"])


@given(ENTRIES, st.none() | ENTRIES, ENTRIES, ENTRIES)
def test_nothing_is_put_back_that_somebody_may_have_edited(
    before: Any, after: Any, found: Any, ended: Any
) -> None:
    judged = judge(before, after, found, ended)
    known = before if after is None else after
    assert all(found.get(path) == known.get(path) for path in judged.put_back)
    assert not set(judged.put_back) & set(judged.differing)
    assert all(before.get(path) != ended.get(path) for path in judged.put_back + judged.differing)


def test_accounts_keys_generated_files_and_histories_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("passwd", "shadow-", "machine-id", "resolv.conf", "ssh/ssh_host_rsa_key.pub", ".git/HEAD"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "apt/preferences.d").mkdir(parents=True)
    (tmp_path / "apt/preferences.d/patchops-1").write_text("a block")
    (tmp_path / "passwdqc.conf").write_text("x")
    assert sorted(look(str(tmp_path))) == ["apt", "apt/preferences.d", "passwdqc.conf", "ssh"]


def test_files_links_and_directories_are_told_apart_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/one.pem").symlink_to("/usr/share/one.crt")
    (tmp_path / "all").symlink_to("certs")
    found = look(str(tmp_path))
    assert {path: (entry["kind"], entry["content"]) for path, entry in found.items()} == {
        "all": ("link", "certs"),
        "certs": ("directory", None),
        "certs/one.pem": ("link", "/usr/share/one.crt"),
    }


def test_what_is_mounted_in_etc_is_not_the_hosts_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pve" / "nodes").mkdir(parents=True)
    (tmp_path / "pve" / ".version").write_text("1")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost")
    monkeypatch.setattr(etc_survey.os.path, "ismount", lambda path: path.endswith("/pve"))
    assert list(look(str(tmp_path))) == ["hosts"]


def test_a_mount_whose_program_has_died_keeps_nothing_from_going_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pve").mkdir()
    (tmp_path / "hosts").write_text("127.0.0.1 localhost")
    lstat = os.lstat

    def fails_there(path: str, **_named: Any) -> os.stat_result:
        if str(path).endswith("/pve"):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return lstat(path)

    monkeypatch.setattr(etc_survey.os, "lstat", fails_there)
    found = look(str(tmp_path))
    assert (sorted(found), found["pve"]) == (["hosts", "pve"], UNREADABLE)


def test_what_can_not_be_listed_is_not_taken_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        look(str(tmp_path))
