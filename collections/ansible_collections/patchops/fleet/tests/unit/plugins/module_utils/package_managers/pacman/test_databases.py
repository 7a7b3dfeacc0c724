# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    databases,
    recovery,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

INSTALLED = """\
%NAME%
lab-goodapp

%VERSION%
2:1.1-1

%BASE%
lab-suite

%ARCH%
any

%BUILDDATE%
1700000000

%INSTALLDATE%
1795355966

%PACKAGER%
PatchOps lab <lab@patchops.invalid>

%SIZE%
216

%GROUPS%
one
two

%REASON%
1

%VALIDATION%
pgp

"""
OFFERED = """\
%FILENAME%
lab-newname-1.1-1-any.pkg.tar.xz

%NAME%
lab-newname

%VERSION%
1.1-1

%CSIZE%
740

%ISIZE%
5000

%SHA256SUM%
aa

%ARCH%
any

%REPLACES%
lab-oldname<2

"""


def write_entry(database: Path, name: str, desc: str | None, files: bool = True) -> None:
    entry = database / "local" / name
    entry.mkdir(parents=True)
    if desc is not None:
        (entry / "desc").write_text(desc, encoding="utf-8")
    if files:
        (entry / "files").write_text("%FILES%\n", encoding="utf-8")


def test_an_installed_package_is_read(tmp_path: Path) -> None:
    write_entry(tmp_path, "lab-goodapp-2:1.1-1", INSTALLED)
    (tmp_path / "local/ALPM_DB_VERSION").write_text("9\n", encoding="utf-8")
    packages, damaged = databases.read_installed(str(tmp_path))
    assert damaged == []
    assert [(one.name, one.version, one.base, one.size) for one in packages] == [
        ("lab-goodapp", "2:1.1-1", "lab-suite", 216)
    ]
    assert packages[0].groups == ("one", "two")
    assert packages[0].automatic


def test_a_package_without_a_reason_is_there_for_its_own_sake(tmp_path: Path) -> None:
    write_entry(tmp_path, "lab-goodapp-2:1.1-1", INSTALLED.replace("%REASON%\n1\n\n", ""))
    assert not databases.read_installed(str(tmp_path))[0][0].automatic


def test_what_a_killed_pacman_was_unpacking_is_damaged(tmp_path: Path) -> None:
    write_entry(tmp_path, "lab-half-1.1-1", None, files=False)
    write_entry(tmp_path, "lab-less-3-1", INSTALLED, files=False)
    assert databases.read_installed(str(tmp_path)) == (
        [],
        [
            {"name": "lab-half", "version": "1.1-1", "state": "half installed"},
            {"name": "lab-less", "version": "3-1", "state": "half installed"},
        ],
    )


def test_what_is_offered_is_read_from_descriptions_one_behind_the_other() -> None:
    one, other = databases.parse_offered(OFFERED + OFFERED.replace("newname", "other"), "core")
    assert other.name == "lab-other"
    assert (one.repository, one.name, one.version, one.size) == ("core", "lab-newname", "1.1-1", 5000)
    assert (one.download_size, one.sha256, one.replaces) == (740, "aa", ("lab-oldname<2",))


def test_a_list_that_can_not_be_read_is_an_error_and_not_an_empty_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "run", lambda *_given, **_named: Result(1, "", "truncated gzip input"))
    with pytest.raises(DriverError, match=r"core: .*truncated gzip input") as raised:
        databases.read_offered("/x/core.db", "core")
    assert raised.value.code == "repository_unreadable"


def test_a_database_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="can't be read"):
        databases.read_installed(str(tmp_path / "nowhere"))


def test_a_lock_that_was_left_and_half_a_package_are_an_interrupted_change() -> None:
    half = {"name": "lab-half", "version": "1.1-1", "state": "half installed"}
    broken = recovery.describe([half], "/var/lib/pacman/db.lck", "x86_64")
    assert broken["interrupted"]
    assert broken["packages"] == [{"name": "lab-half", "arch": "x86_64", "state": "half installed"}]
    assert "/var/lib/pacman/db.lck was left" in broken["reason"]
    assert recovery.describe([], "", "x86_64") == {"interrupted": False, "packages": [], "reason": None}


def test_recovery_clears_away_what_is_in_pacmans_way_and_says_what_has_to_come_again(tmp_path: Path) -> None:
    write_entry(tmp_path, "lab-half-1.1-1", None, files=False)
    write_entry(tmp_path, "lab-goodapp-2:1.1-1", INSTALLED)
    (tmp_path / "db.lck").touch()
    with pytest.raises(DriverError, match=r"installed anew: lab-half 1.1-1"):
        recovery.recover(str(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "desc",
        "files",
        "lab-goodapp-2:1.1-1",
        "local",
    ]
    recovery.recover(str(tmp_path))


def test_a_lock_that_somebody_holds_stays(tmp_path: Path) -> None:
    write_entry(tmp_path, "lab-goodapp-2:1.1-1", INSTALLED)
    with (tmp_path / "db.lck").open("w", encoding="ascii"):
        recovery.recover(str(tmp_path))
    assert (tmp_path / "db.lck").exists()
