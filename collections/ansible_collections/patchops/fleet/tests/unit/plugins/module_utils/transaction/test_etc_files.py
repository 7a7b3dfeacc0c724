# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of /etc, and how a file gets back to what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_files import (
    pack,
    put_back,
    unpack,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.etc_survey import Entries, look


class Etc:
    """A directory that stands for /etc, and what was kept of it."""

    def __init__(self, path: Path) -> None:
        self.top, self.archive = path / "etc", path / "kept.tar.gz"
        self.top.mkdir()
        self.before: Entries = {}

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        (self.top / name).parent.mkdir(parents=True, exist_ok=True)
        (self.top / name).write_text(text)
        (self.top / name).chmod(mode)

    def keep(self) -> None:
        self.before = look(str(self.top))
        pack(str(self.top), self.before, str(self.archive))

    def put_back(self, *paths: str) -> list[str]:
        wanted = {self.before[path]["content"] for path in paths if path in self.before}
        return put_back(str(self.top), list(paths), self.before, unpack(str(self.archive), wanted))


@pytest.fixture
def etc(tmp_path: Path) -> Etc:
    return Etc(tmp_path)


def test_content_mode_links_and_directories_come_back(etc: Etc) -> None:
    etc.write("conf", "former", 0o755)
    etc.write("gone.d/one", "kept")
    (etc.top / "link").symlink_to("conf")
    etc.keep()
    etc.write("conf", "newer", 0o644)
    (etc.top / "gone.d/one").unlink()
    (etc.top / "gone.d").rmdir()
    (etc.top / "link").unlink()
    (etc.top / "link").symlink_to("elsewhere")
    assert etc.put_back("conf", "gone.d", "gone.d/one", "link") == []
    assert look(str(etc.top)) == etc.before


def test_what_came_with_the_change_goes_the_innermost_first(etc: Etc) -> None:
    etc.keep()
    etc.write("new.d/part", "x")
    (etc.top / "new.d/link").symlink_to("part")
    assert etc.put_back("new.d", "new.d/link", "new.d/part") == []
    assert look(str(etc.top)) == {}


def test_a_directory_that_somebody_has_used_stays(etc: Etc) -> None:
    etc.keep()
    etc.write("new.d/part", "x")
    etc.write("new.d/mine", "x")
    assert etc.put_back("new.d", "new.d/part") == ["new.d"]
    assert (etc.top / "new.d/mine").exists()


def test_secrets_are_neither_copied_nor_replaced_nor_removed(etc: Etc) -> None:
    etc.write("key", "former secret", 0o640)
    etc.keep()
    assert unpack(str(etc.archive), {etc.before["key"]["content"]}) == {}
    etc.write("key", "newer secret", 0o640)
    etc.write("other", "another secret", 0o600)
    assert etc.put_back("key", "other") == ["key", "other"]
    assert ((etc.top / "key").read_text(), (etc.top / "other").exists()) == ("newer secret", True)


def test_a_file_does_not_come_back_through_a_link_to_elsewhere(etc: Etc, tmp_path: Path) -> None:
    etc.write("part.d/conf", "former")
    etc.keep()
    (etc.top / "part.d/conf").unlink()
    (etc.top / "part.d").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (etc.top / "part.d").symlink_to(tmp_path / "elsewhere")
    assert etc.put_back("part.d/conf") == ["part.d/conf"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_damaged_copy_is_not_put_back(etc: Etc) -> None:
    etc.write("conf", "former")
    etc.keep()
    etc.write("conf", "newer")
    etc.archive.write_bytes(etc.archive.read_bytes()[:40])
    assert etc.put_back("conf") == ["conf"]
    assert (etc.top / "conf").read_text() == "newer"


def test_what_a_killed_attempt_left_is_no_obstacle(etc: Etc) -> None:
    etc.write("conf", "former")
    etc.keep()
    etc.write("conf", "newer")
    etc.write("conf.patchops-new", "half")
    assert etc.put_back("conf") == []
    assert look(str(etc.top)) == etc.before


def test_a_large_file_is_not_kept(etc: Etc) -> None:
    etc.write("large", "x" * ((4 << 20) + 1))
    etc.write("small", "former")
    etc.keep()
    etc.write("large", "y")
    etc.write("small", "newer")
    assert etc.put_back("large", "small") == ["large"]
    assert (etc.top / "small").read_text() == "former"
