# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import file_locks

LISTED = """\
1: POSIX  ADVISORY  WRITE 4711 fe:01:131 0 EOF
1: -> POSIX  ADVISORY  WRITE 4712 fe:01:131 0 EOF
2: FLOCK  ADVISORY  WRITE 815 00:1a:999 0 EOF
3: OFDLCK ADVISORY  READ  -1 00:06:1028 0 EOF
"""


def test_holders_are_told_and_those_who_wait_are_not() -> None:
    assert file_locks.parse_locks(LISTED, {131, 1028}) == [4711, -1]


def test_locks_on_other_files_do_not_count() -> None:
    assert file_locks.parse_locks(LISTED, {42}) == []


def test_a_process_that_closes_other_files_while_it_is_looked_at_still_has_the_lock_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    read, closed = os.readlink, []

    def close_all_but_the_lock(link: str) -> str:
        target = read(link)
        if target != str(lock):
            closed.append(link)
            raise FileNotFoundError(link)
        return target

    monkeypatch.setattr(os, "readlink", close_all_but_the_lock)
    with lock.open(encoding="ascii"):
        assert file_locks.has_open(os.getpid(), [str(lock)])
    assert closed
