# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed rpm leaves is cleared, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command, scratch


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one file, `tool`, of the package, which owns `tool;0badcafe` too."""
    monkeypatch.setattr(command, "read_file_names", lambda _packages: [str(tmp_path / "usr" / "tool")])
    monkeypatch.setattr(
        command, "read_unowned", lambda paths: {one for one in paths if not one.endswith(";0badcafe")}
    )
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "tool").touch()
    return tmp_path / "usr"


def left(place: Path) -> set[str]:
    return set(os.listdir(place)) - {"tool"}


def test_scratch_is_named_after_a_file_of_the_package_and_a_transaction() -> None:
    present = ["tool", "tool;67405d2a", "tool;67405d2b", "a;b;67405d2a", "other;67405d2a"]
    assert scratch.scratch_of({"tool", "a;b"}, present) == ["a;b;67405d2a", "tool;67405d2a", "tool;67405d2b"]


@pytest.mark.parametrize(
    "name",
    [
        "tool;67405D2A",
        "tool;67405d2",
        "tool;67405d2ab",
        "tool;67405d2g",
        "tool;67405d2a\n",
        "tool;67405d2a.rpmnew",
        "tool.67405d2a",
        ".tool;67405d2a",
        ";67405d2a",
    ],
)
def test_what_is_named_otherwise_is_no_scratch(name: str) -> None:
    assert scratch.scratch_of({"tool"}, [name]) == []


def test_files_and_links_that_nobody_owns_are_removed_and_told(place: Path) -> None:
    (place / "tool;67405d2a").touch()
    (place / "tool;67405d2b").symlink_to("tool")
    removed = scratch.clear(["tool-1-1.x86_64.rpm"])
    assert removed == [f"{place}/tool;67405d2a", f"{place}/tool;67405d2b"]
    assert os.listdir(place) == ["tool"]


def test_what_a_package_owns_what_is_no_file_and_what_is_another_ones_stays(place: Path) -> None:
    (place / "tool;0badcafe").touch()
    (place / "tool;67405d2a").mkdir()
    os.mkfifo(place / "tool;67405d2b")
    (place / "other;67405d2a").touch()
    before = left(place)
    assert scratch.clear(["tool-1-1.x86_64.rpm"]) == []
    assert left(place) == before


def test_a_link_that_another_than_root_could_have_made_leads_nowhere(place: Path, tmp_path: Path) -> None:
    (place / "tool;67405d2a").touch()
    place.rename(tmp_path / "elsewhere")
    place.symlink_to("elsewhere")
    tmp_path.chmod(0o777)
    assert scratch.clear(["tool-1-1.x86_64.rpm"]) == []
    assert left(tmp_path / "elsewhere") == {"tool;67405d2a"}


def test_a_directory_that_never_came_to_be_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "read_file_names", lambda _packages: [str(tmp_path / "usr" / "tool")])
    assert scratch.clear(["tool-1-1.x86_64.rpm"]) == []


def test_rpm_names_the_paths_that_nobody_owns() -> None:
    told = (
        "bash\nfile /usr/a;67405d2a is not owned by any package\nerror: file /b: No such file or directory\n"
    )
    assert command.parse_unowned(told) == {"/usr/a;67405d2a"}
