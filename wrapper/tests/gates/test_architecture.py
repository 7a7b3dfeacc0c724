# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of the house names files, folders, names in them and tests that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

ENGINE = "collections/ansible_collections/patchops/fleet"
ROOTS = ("engine/", "wrapper/", "lab/", "docs/", "scripts/")
CODE = re.compile(r"`([^`\n]+)`")
IN_FILE = re.compile(r"`([A-Z_]{3,}|[A-Z][A-Za-z]+)`(?: of| in|, in)? `([^`\n]+\.py)`")
HOW_TO = re.compile(r"^## To add (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def paths_in(text: str) -> Iterator[str]:
    """Return what a text names as places in the repository, the tests of commands included."""
    for code in CODE.findall(text):
        words = code.split()
        if words[0] == "pytest" or len(words) == 1:
            yield from (word for word in words if word.startswith(ROOTS) and word != "engine/")


def place(repository: Path, path: str) -> Path:
    return repository / re.sub(r"^engine/", f"{ENGINE}/", path)


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs/architecture.md").read_text("utf-8")


def test_every_place_that_the_map_names_is_there(page: str, repository: Path) -> None:
    named = list(paths_in(page))
    assert len(named) > 50
    assert [path for path in named if not place(repository, path).exists()] == []


def test_every_name_that_the_map_says_is_in_a_file_is_there(page: str, repository: Path) -> None:
    named = IN_FILE.findall(page)
    assert ("KINDS", f"engine/{'plugins/plugin_utils/advisories/importers/__init__.py'}") in named
    missing = [
        (name, path)
        for name, path in named
        if not re.search(rf"\b{name}\b", place(repository, path).read_text("utf-8"))
    ]
    assert missing == []


def test_each_way_to_add_something_is_five_lines_that_end_in_a_test(page: str) -> None:
    ways = dict(HOW_TO.findall(page))
    assert sorted(ways) == [
        "a check", "a package manager", "an executor", "an importer", "an option", "an outcome code",
    ]  # fmt: skip
    for subject, text in ways.items():
        lines = text.strip().split("\n")
        assert [line[:2] for line in lines] == ["1.", "2.", "3.", "4.", "5."], subject
        assert re.search(r"`pytest \S+\.py`", lines[-1]), subject


def test_a_place_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "wrapper").mkdir()
    (tmp_path / "wrapper/there.py").touch()
    named = list(
        paths_in(
            "`wrapper/there.py` and `wrapper/gone.py`, `pytest wrapper/no_test.py`, `engine/`, `make docs`"
        )
    )
    assert named == ["wrapper/there.py", "wrapper/gone.py", "wrapper/no_test.py"]
    assert [path for path in named if place(tmp_path, path).exists()] == ["wrapper/there.py"]
