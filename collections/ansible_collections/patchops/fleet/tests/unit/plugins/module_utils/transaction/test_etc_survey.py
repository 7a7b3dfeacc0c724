# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of /etc is put back after a change was taken back, and what is left to people."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

    def on_another_device(found: os.stat_result) -> os.stat_result:
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:10]))

    change_stat(monkeypatch, "pve", on_another_device)
    assert list(look(str(tmp_path))) == ["hosts"]


def test_a_mount_whose_program_has_died_keeps_nothing_from_going_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pve").mkdir()
    (tmp_path / "hosts").write_text("127.0.0.1 localhost")

    def fails(_found: os.stat_result) -> os.stat_result:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    change_stat(monkeypatch, "pve", fails)
    found = look(str(tmp_path))
    assert (sorted(found), found["pve"]) == (["hosts", "pve"], UNREADABLE)


def test_what_can_not_be_listed_is_not_taken_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: int) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(PermissionError):
        look(str(tmp_path))


def test_a_large_file_is_told_apart_by_size_and_time_without_being_read(tmp_path: Path) -> None:
    large = tmp_path / "sparse"
    with large.open("wb") as stream:
        stream.truncate(1 << 40)
    before = look(str(tmp_path))
    assert look(str(tmp_path)) == before
    os.utime(large, (1, 1))
    assert look(str(tmp_path)) != before


def test_directories_that_are_nested_without_end_are_not_looked_into(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 200)
    (tmp_path / deep).mkdir(parents=True)
    found = look(str(tmp_path))
    assert max(found, key=len).count("/") < 100
    assert found[max(found, key=len)] == UNREADABLE


def change_stat(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[os.stat_result], os.stat_result]
) -> None:
    """Have os.stat answer differently for entries with a name."""
    real = os.stat

    def stat(path: Any, **named: Any) -> os.stat_result:
        found = real(path, **named)
        return change(found) if path == name else found

    monkeypatch.setattr(os, "stat", stat)
