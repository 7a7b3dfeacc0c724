# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks of versions that were taken back come and go, and leave everything else as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import package_locks

VERSIONS = [{"name": "bash", "version": "5-1"}]
MINE = "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: mine\n\n"
OURS = "\ntype: package\nversion: == 5-1\nmatch_type: exact\ncase_sensitive: on\nsolvable_name: bash\n\n"


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(package_locks, "PATH", str(tmp_path / "locks"))
    monkeypatch.setattr(package_locks, "RECORD", str(tmp_path / "record.json"))
    return tmp_path / "locks"


def test_a_file_that_was_not_there_is_gone_again(locks: Path) -> None:
    package_locks.block(VERSIONS, ["SUSE-2026-1"], "t1")
    assert OURS in locks.read_text()
    assert (
        "type: patch\nmatch_type: exact\ncase_sensitive: on\nsolvable_name: SUSE-2026-1\n"
        in locks.read_text()
    )
    package_locks.unblock("t1")
    assert not locks.exists()


@pytest.mark.parametrize("before", ["", MINE, "# by hand\n" + MINE + "\n\n", MINE.replace("\n", "\r\n")])
def test_every_other_byte_stays(locks: Path, before: str) -> None:
    locks.write_bytes(before.encode())
    locks.chmod(0o640)
    package_locks.block(VERSIONS, [], "t1")
    package_locks.unblock("t1")
    assert (locks.read_bytes(), locks.stat().st_mode & 0o777) == (before.encode(), 0o640)


def test_ours_go_also_after_zypper_wrote_the_file_anew(locks: Path) -> None:
    package_locks.block(VERSIONS, [], "t1")
    # As zypper does when somebody adds a lock: sorted, without comments.
    locks.write_text(OURS + MINE)
    package_locks.unblock("t1")
    assert locks.read_text() == MINE


def test_a_version_that_another_transaction_took_back_too_stays_locked(locks: Path) -> None:
    package_locks.block(VERSIONS, [], "t1")
    package_locks.block(VERSIONS, [], "t2")
    locks.write_text(OURS)  # zypper makes one of two equal locks
    package_locks.unblock("t1")
    assert locks.read_text() == OURS
    package_locks.unblock("t2")
    assert not locks.exists()


def test_the_same_transaction_is_blocked_once(locks: Path) -> None:
    package_locks.block(VERSIONS, [], "t1")
    once = locks.read_text()
    package_locks.block(VERSIONS, [], "t1")
    assert locks.read_text() == once


def test_what_was_never_blocked_is_left_alone(locks: Path) -> None:
    locks.write_text(MINE)
    package_locks.unblock("t1")
    assert locks.read_text() == MINE
