# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import locks

LISTED = """\
1: POSIX  ADVISORY  WRITE 4711 fe:01:131 0 EOF
1: -> POSIX  ADVISORY  WRITE 4712 fe:01:131 0 EOF
2: FLOCK  ADVISORY  WRITE 815 00:1a:999 0 EOF
3: OFDLCK ADVISORY  READ  -1 00:06:1028 0 EOF
"""


def test_holders_are_told_and_those_who_wait_are_not() -> None:
    assert locks.parse_locks(LISTED, {131, 1028}) == [4711, -1]


def test_locks_on_other_files_do_not_count() -> None:
    assert locks.parse_locks(LISTED, {42}) == []


def test_the_process_that_holds_a_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock-frontend"
    monkeypatch.setattr(locks, "LOCK_FILES", (str(path), str(tmp_path / "never-locked")))
    with path.open("w") as file:
        assert locks.find_holder() is None
        fcntl.lockf(file, fcntl.LOCK_EX)
        holder = locks.find_holder()
    assert holder is not None
    assert holder["pid"] == os.getpid()
    assert holder["command"].startswith("python")
