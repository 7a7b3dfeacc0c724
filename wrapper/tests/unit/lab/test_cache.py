# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache builds an entry once and never keeps half of one."""

from pathlib import Path

import pytest

from patchops_lab import cache


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path))


def _write(place: Path) -> None:
    (place / "content").write_text("built")


def _fail(place: Path) -> None:
    (place / "content").write_text("half")
    raise RuntimeError("no space")


def test_an_entry_is_built_once(tmp_path: Path) -> None:
    first = cache.cached("images", "key", _write)
    assert cache.cached("images", "key", _fail) == first == tmp_path / "images" / "key"
    assert (first / "content").read_text() == "built"


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        cache.cached("images", "key", _fail)
    assert list((tmp_path / "images").iterdir()) == []


def test_what_an_interrupted_build_left_is_not_taken_for_an_entry(tmp_path: Path) -> None:
    left = tmp_path / "images" / "key.building-1"
    left.mkdir(parents=True)
    (left / "rest").write_text("half")
    built = cache.cached("images", "key", _write)
    assert [file.name for file in built.iterdir()] == ["content"]
    assert not left.exists()


def test_the_key_depends_on_the_content_and_not_on_the_order_of_names() -> None:
    assert cache.content_key({"a": 1, "b": 2}) == cache.content_key({"b": 2, "a": 1})
    assert cache.content_key({"a": 1}) != cache.content_key({"a": 2})
