# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import watch_unit
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.spawning import quoted

TEXT = watch_unit.unit_text("t1", "/state/payload.zip", ["/usr/bin/python3", "watch"], ["true"])


class Systemctl(list[list[str]]):
    """What it was asked to do. `shows`: what it says of the unit."""

    shows = "LoadState=loaded\nNeedDaemonReload=no\n"


@pytest.fixture(autouse=True)
def systemctl(monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    asked = Systemctl()

    def run(argv: list[str], **more: object) -> process.Result:
        if argv[1] == "show":
            return process.Result(0, asked.shows, "")
        asked.append(argv[1:])
        return process.Result(0, "", "")

    monkeypatch.setattr(process, "run", run)
    return asked


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/usr/bin/python3", '"/usr/bin/python3"'),
        ("/opt/my python", '"/opt/my python"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("100%$x", '"100%%$$x"'),
    ],
)
def test_a_word_is_quoted_for_systemd(word: str, expected: str) -> None:
    assert quoted(word) == expected


def test_the_watchdog_comes_back_when_it_is_killed_and_when_the_host_boots(
    tmp_path: Path, systemctl: Systemctl
) -> None:
    assert watch_unit.start("t1", TEXT, str(tmp_path)) == ""
    link = tmp_path / "multi-user.target.wants" / "patchops-confirm-t1.service"
    assert os.readlink(link) == str(tmp_path / "patchops-confirm-t1.service")
    assert "Restart=on-failure" in link.read_text()
    assert 'ExecStart="/usr/bin/python3" "watch"' in link.read_text()
    assert systemctl == [["restart", "patchops-confirm-t1.service"]]


@pytest.mark.parametrize(
    "shows",
    ["LoadState=not-found\nNeedDaemonReload=no\n", "LoadState=loaded\nNeedDaemonReload=yes\n", ""],
    ids=["an older systemd", "read before", "no answer"],
)
def test_a_unit_that_systemd_has_not_as_it_was_written_is_read_anew(
    tmp_path: Path, systemctl: Systemctl, shows: str
) -> None:
    systemctl.shows = shows
    watch_unit.start("t1", TEXT, str(tmp_path))
    assert systemctl == [["daemon-reload"], ["restart", "patchops-confirm-t1.service"]]


def test_nothing_of_the_watchdog_stays_behind(tmp_path: Path) -> None:
    watch_unit.start("t1", TEXT, str(tmp_path))
    watch_unit.remove("t1", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_others_start_at_boot_stays(tmp_path: Path) -> None:
    other = tmp_path / "multi-user.target.wants" / "ssh.service"
    other.parent.mkdir()
    other.touch()
    watch_unit.start("t1", TEXT, str(tmp_path))
    watch_unit.remove("t1", str(tmp_path))
    assert list(other.parent.iterdir()) == [other]


def test_a_watchdog_that_is_not_there_is_not_removed(tmp_path: Path, systemctl: Systemctl) -> None:
    watch_unit.remove("t1", str(tmp_path))
    assert systemctl == []


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    assert "No such file or directory" in watch_unit.start("t1", TEXT, str(tmp_path / "missing"))
