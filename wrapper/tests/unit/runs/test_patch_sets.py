# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A patch set is named by its file, its id, or how its id starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops.errors import InputError
from patchops.runs.patch_sets import locate_patch_set

FIRST, SECOND = "ab12" * 16, "ab99" * 16


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "patch_sets").mkdir()
    (tmp_path / "patch_sets" / f"{FIRST}.json").touch()
    (tmp_path / "patch_sets" / f"{SECOND}.json").touch()
    return tmp_path


def test_a_file_is_taken_as_it_is(documents: Path) -> None:
    file = documents / "mine.json"
    file.touch()

    assert locate_patch_set(str(file), documents) == file


def test_the_start_of_an_id_is_enough(documents: Path) -> None:
    assert locate_patch_set("ab12ab", documents).name == f"{FIRST}.json"


def test_an_ambiguous_start_is_refused(documents: Path) -> None:
    (documents / "patch_sets" / f"{FIRST[:40]}{SECOND[:24]}.json").touch()

    with pytest.raises(InputError, match="2 sealed patch sets"):
        locate_patch_set("ab12ab", documents)


@pytest.mark.parametrize("name", ["nowhere.json", "..", "*", "ffffff"])
def test_anything_else_is_refused(documents: Path, name: str) -> None:
    with pytest.raises(InputError):
        locate_patch_set(name, documents)
