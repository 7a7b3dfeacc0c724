# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import view
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

DESC = "%NAME%\nbash\n\n%VERSION%\n5-1\n\n"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    entry = tmp_path / "db/local/bash-5-1"
    entry.mkdir(parents=True)
    (entry / "desc").write_text(DESC, encoding="utf-8")
    (entry / "files").write_text("%FILES%\nusr/\n", encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(view.tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path / "db"


def test_what_happens_in_a_view_reaches_nothing_of_the_host(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(view.process, "run", lambda argv, **_more: asked.append(argv) or Result(0, "", ""))
    with view.View("[options]\n", str(database)) as copy:
        copy.run(["-Su", "--dbonly"])
        assert list(copy.installed()) == ["bash"]
        (Path(copy.directory) / "local/bash-5-1/desc").unlink()
        given = asked[0]
        assert given[given.index("--root") + 1] == copy.directory + "/root"
        assert given[given.index("--dbpath") + 1] == copy.directory
        assert given[given.index("--cachedir") + 1] == copy.directory + "/cache"
        assert given[given.index("--config") + 1] == copy.directory + "/pacman.conf"
        assert given[given.index("--logfile") + 1] == "/dev/null"
        assert oct(os.stat(copy.directory).st_mode & 0o777) == "0o700"
    assert (database / "local/bash-5-1/desc").read_text(encoding="utf-8") == DESC
    assert not os.path.exists(copy.directory)


def test_a_full_disk_is_said_and_nothing_is_left(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(view, "copy_entries", full)
    with pytest.raises(DriverError, match="No space left on device") as raised:
        view.View("[options]\n", str(database)).__enter__()
    assert raised.value.code == "no_space"
    assert list((database.parent / "scratch").iterdir()) == []


def test_complaints_lose_their_mark_and_silence_gets_one() -> None:
    said = "error: failed to prepare transaction\n:: unable to satisfy dependency 'a' required by b\n"
    assert view.errors(Result(1, "", said)) == [
        "failed to prepare transaction",
        "unable to satisfy dependency 'a' required by b",
    ]
    assert view.errors(Result(1, "", "")) == ["pacman ended with 1"]


def test_an_address_with_a_password_is_no_argument_of_a_process(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://user:secret@mirror.example/core/bash-5-1-x86_64.pkg.tar.zst"
    seen: list[tuple[list[str], str]] = []

    def run(argv: list[str], timeout: float, stdin: str) -> Result:
        seen.append((argv, stdin))
        return Result(0, "", "")

    monkeypatch.setattr(view.process, "run", run)
    with view.View("", str(database)) as asked:
        asked.run(["-Uw", "--noconfirm"], targets=[address])
    ((argv, told),) = seen
    assert (argv[-2:], told) == (["--noconfirm", "-"], address + "\n")
    assert "secret" not in " ".join(argv)
