# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small feed that unpacks to a single huge value is refused before it is in memory."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.json_stream import members
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed, Limits
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream import elements

LIMITS = Limits(element_bytes=1 << 20, values=100_000)
TEXT = "x" * (3 << 20)


def packed(path: Path, text: str) -> Feed:
    path.write_bytes(gzip.compress(text.encode("utf-8")))
    return Feed(path, limits=LIMITS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"<updates><update><title>{TEXT}</title></update></updates>", "one update is larger"),
        (f"<updates><update><title>{TEXT}", "one update is larger"),
        (f'<updates><update title="{TEXT}"/></updates>', "larger than"),
        (f"<updates><{TEXT}", "one tag is larger"),
        (f"<updates><!--{TEXT}", "one tag is larger"),
    ],
    ids=["text", "without an end", "attribute", "name", "comment"],
)
def test_one_huge_element_of_xml_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FeedError, match=told):
        list(elements(packed(tmp_path / "feed.xml.gz", text), "update"))


def test_an_advisory_of_very_many_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream._MAX_PARTS", 1000
    )
    text = "<updates><update>" + "<a/>" * 1001 + "</update></updates>"
    with pytest.raises(FeedError, match="more than 1000 parts"):
        list(elements(packed(tmp_path / "feed.xml.gz", text), "update"))


def test_many_small_elements_are_no_huge_one(tmp_path: Path) -> None:
    text = "<updates>" + f"<update>{'x' * 1000}</update>" * 3000 + "</updates>"
    assert sum(1 for _one in elements(packed(tmp_path / "feed.xml.gz", text), "update")) == 3000


def _members(feed: Feed) -> None:
    list(members(feed))


def _document(feed: Feed) -> None:
    feed.document()


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (_members, f'{{"a": "{TEXT}"}}', "one value is larger than 1048576 bytes"),
        (_members, f'{{"a": [{"[]," * 150_000}[]]}}', "more than 100000 values"),
        (_document, f"[{'[],' * 150_000}[]]", "more than 100000 values"),
        (_document, f"{'[' * 100_001}", "more than 100000 values"),
    ],
    ids=["a long text", "many values in one", "many values", "deep"],
)
def test_one_huge_value_of_json_is_refused(
    tmp_path: Path, read: Callable[[Feed], None], text: str, told: str
) -> None:
    with pytest.raises(FeedError, match=told):
        read(packed(tmp_path / "feed.json.gz", text))
