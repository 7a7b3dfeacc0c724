# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every driver over rpm says and keeps, whatever asks rpm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import acquire, command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import (
    describe_broken,
    describe_repository,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result

READ = {
    "id": "baseos",
    "uri": "https://user:s3cret@mirror/baseos",
    "published_at": 1700000000,
    "error": None,
}


def test_a_package_that_is_there_twice_was_interrupted() -> None:
    assert describe_broken([])["interrupted"] is False
    broken = describe_broken([{"name": "bash", "arch": "x86_64", "version": "1-1"}])
    assert broken["interrupted"] is True
    assert broken["reason"].endswith("bash-1-1.x86_64")


def test_a_repository_is_told_without_credentials_and_with_what_the_refresh_said() -> None:
    told = describe_repository(READ, [{"repository": "baseos", "message": "Status code: 404"}])
    assert told["uri"] == "https://mirror/baseos"
    assert told["date"] == "2023-11-14T22:13:20Z"
    assert told["error"] == "Status code: 404"
    assert describe_repository(READ, [])["error"] is None


def test_owners_are_those_that_rpm_names() -> None:
    text = "bash\nfile /tmp/x is not owned by any package\nlibx\n"
    paths = ["/bin/bash", "/tmp/x", "/usr/lib64/libx.so"]
    assert command.parse_owners(text, paths) == {"/bin/bash": "bash", "/usr/lib64/libx.so": "libx"}


def test_a_path_with_two_owners_is_not_guessed() -> None:
    assert command.parse_owners("a\nb\n", ["/x"]) == {}


def test_a_package_of_the_way_back_counts_only_as_the_very_build_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_repository(packages: list[dict[str, str]], _directory: str) -> list[dict[str, Any]]:
        return [{"file": one["file"], "error": "no repository has it"} for one in packages]

    nearby, target = tmp_path / "nearby", tmp_path / "way_back"
    nearby.mkdir()
    target.mkdir()
    (nearby / "bash-1-1.x86_64.rpm").write_text("the installed build")
    (nearby / "libx-1-1.x86_64.rpm").write_text("another build")
    monkeypatch.setattr(
        command, "installed_identities", lambda names: dict.fromkeys(names, "the installed build")
    )
    monkeypatch.setattr(
        command, "file_identities", lambda paths: {path: Path(path).read_text() for path in paths}
    )
    plan = {"packages": [{"name": name, "arch": "x86_64", "from": "1-1"} for name in ("bash", "libx")]}
    material = acquire.acquire_way_back(no_repository, plan, str(target), [str(nearby)])
    assert [(one["name"], one["how"]) for one in material] == [("bash", "cache"), ("libx", None)]
    assert [path.name for path in target.iterdir()] == ["bash-1-1.x86_64.rpm"]


def test_a_build_is_known_by_what_rpm_says_of_it_in_one_line() -> None:
    bind, twice = "bind 32:9.16-1.el9 x86_64 aa bb", "kmod 1-1 x86_64 cc dd"
    told = f"{bind}\npackage vim-1-1.x86_64 is not installed\n{twice}\n{twice}\n"
    assert command.parse_identities(told)["bind-32:9.16-1.el9.x86_64"] == bind
    assert not {"vim-1-1.x86_64", "kmod-1-1.x86_64"} & set(command.parse_identities(told))


def test_a_damaged_file_does_not_hide_the_sound_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(argv: list[str], timeout: float) -> Result:
        assert timeout
        files = [word for word in argv if word.startswith("/")]
        if "/damaged" in files:
            return Result(1, "", "")
        return Result(0, "".join(f"{file} 1-1 x86_64 a b\n" for file in files), "")

    monkeypatch.setattr(command, "run", answer)
    sound = {"/a": "/a 1-1 x86_64 a b", "/b": "/b 1-1 x86_64 a b"}
    assert command.file_identities(["/a", "/b"]) == sound
    assert command.file_identities(["/a", "/damaged", "/b"]) == sound
    assert command.file_identities([]) == {}


@pytest.mark.parametrize(
    ("told", "altered"),
    [
        ("", False),
        ("S.5....T.    /usr/bin/sed\n", True),
        ("..5......    /opt/big/f1\n", True),
        ("missing     /usr/bin/sed\n", True),
        ("missing   d /usr/share/doc/sed/NEWS\n", True),
        ("S.5....T.  c /etc/bashrc\n", False),
        ("missing   c /etc/bashrc\n", False),
        ("missing   g /run/lock/x\n", False),
        (".M.......    /usr/bin/sed\n", False),
        ("package sed is not installed\n", False),
    ],
)
def test_a_package_is_altered_whose_own_files_are_not_those_it_came_with(
    monkeypatch: pytest.MonkeyPatch, told: str, altered: bool
) -> None:
    monkeypatch.setattr(command, "run", lambda argv, timeout: Result(1 if told else 0, told, ""))
    assert command.is_altered("sed-4.8-9.el9.x86_64") is altered


def test_an_epoch_is_part_of_our_file_names_and_not_of_a_package_managers() -> None:
    assert command.file_name("bind", "32:9.16-1.el9", "x86_64") == "bind-32%3a9.16-1.el9.x86_64.rpm"
    assert acquire._without_epoch("bind-32%3a9.16-1.el9.x86_64.rpm") == "bind-9.16-1.el9.x86_64.rpm"
