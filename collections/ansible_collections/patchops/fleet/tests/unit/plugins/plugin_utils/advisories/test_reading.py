# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile, broken and truncated feeds are refused with file and place."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.json_stream import members
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed, Limits
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream import elements

SMALL = Limits(total_bytes=10_000, member_bytes=2_000, line_bytes=1_000, members=3)


def feed(path: Path, content: bytes, limits: Limits | None = None) -> Feed:
    path.write_bytes(content)
    return Feed(path, limits=limits or Limits())


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress])
def test_lines_are_the_same_whatever_the_compression(tmp_path: Path, compress: type[bytes]) -> None:
    assert list(feed(tmp_path / "feed", compress(b"one\ntwo\r\n")).lines()) == [(1, "one"), (2, "two")]


def test_a_truncated_compressed_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"feed: byte 0: broken or truncated: Compressed file ended"):
        list(feed(tmp_path / "feed", gzip.compress(b"one\n" * 100)[:-12]).lines())


def test_a_compression_that_python_does_not_read_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="is compressed with zstd; unpack it first"):
        list(feed(tmp_path / "feed", b"\x28\xb5\x2f\xfd0000").lines())


def test_a_feed_that_unpacks_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="larger than 10000 bytes when unpacked; refused"):
        list(feed(tmp_path / "feed", gzip.compress(b"one\n" * 9000), SMALL).lines())


def test_a_zip_bomb_is_refused_before_it_has_unpacked(tmp_path: Path) -> None:
    bomb = feed(tmp_path / "feed", gzip.compress((b" " * (1 << 19) + b"\n") * 80))

    with pytest.raises(FeedError, match="unpacks to more than 400 times its size; refused"):
        list(bomb.lines())
    assert bomb.read <= 20 << 20


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    reading, writing = os.pipe()
    os.write(writing, compress(b"one\ntwo\n"))
    os.close(writing)

    assert list(Feed(Path(f"/dev/fd/{reading}")).lines()) == [(1, "one"), (2, "two")]
    os.close(reading)


def test_an_endless_line_is_refused_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="line 2: longer than 1000 bytes"):
        list(feed(tmp_path / "feed", b"one\n" + b"x" * 2000, SMALL).lines())


def test_text_that_is_not_utf8_is_refused_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="line 1: not UTF-8 text: invalid start byte at byte 0"):
        list(feed(tmp_path / "feed", b"\xff\n").lines())


def test_json_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="not valid JSON"):
        feed(tmp_path / "feed", b"[" * 100_000).document()


def test_numbers_that_json_does_not_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="not valid JSON: NaN is no JSON value"):
        feed(tmp_path / "feed", b"[NaN]").document()


def archive(path: Path, kind: str, names: list[str]) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for name in names:
                zipped.writestr(name, name)
        return path
    with tarfile.open(path, "w:xz") as tarred:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(name)
            tarred.addfile(info, io.BytesIO(name.encode()))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_documents_of_an_archive_come_by_their_ending(tmp_path: Path, kind: str) -> None:
    path = archive(tmp_path / "feed", kind, ["a.json", "b/c.json", "readme"])

    assert list(Feed(path).documents()) == [("a.json", b"a.json"), ("b/c.json", b"b/c.json")]


def test_documents_of_a_folder_come_in_order_and_without_links(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"2")
    (tmp_path / "a.json").write_bytes(b"1")
    (tmp_path / "c.json").symlink_to("/etc/passwd")

    assert list(Feed(tmp_path).documents()) == [("a.json", b"1"), ("b.json", b"2")]


def test_a_folder_of_many_small_documents_is_no_bomb(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b" " * (17 << 20))
    (tmp_path / "2.json").write_bytes(b"{}")

    assert [name for name, _content in Feed(tmp_path).documents()] == ["1.json", "2.json"]


def test_what_has_no_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(FeedError, match="/dev/zero: is neither a file nor a folder; refused"):
        Feed(Path("/dev/zero")).digest()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_of_too_many_documents_is_refused(tmp_path: Path, kind: str) -> None:
    path = archive(tmp_path / "feed", kind, ["1.json", "2.json", "3.json", "4.json"])

    with pytest.raises(FeedError, match="more than 3 documents; refused"):
        list(Feed(path, limits=Limits(members=3)).documents())


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "feed", "tar", ["1.json"] * 50)
    plain = lzma.decompress(path.read_bytes())
    path.write_bytes(lzma.compress(plain)[:-40])

    with pytest.raises(FeedError, match="broken or truncated"):
        list(Feed(path).documents())


@given(value=st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists)))
def test_the_members_of_an_object_come_as_a_whole_read_gives_them(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
) -> None:
    path = tmp_path_factory.mktemp("json") / "feed"

    assert dict(members(feed(path, json.dumps(value, ensure_ascii=False, indent=1).encode()))) == value


def test_a_value_longer_than_one_chunk_is_read_whole(tmp_path: Path) -> None:
    value = {"a": ["ä" * 999] * 2000, "b": 1}

    assert dict(members(feed(tmp_path / "feed", json.dumps(value, ensure_ascii=False).encode()))) == value


@pytest.mark.parametrize("text", [b"", b"[]", b'{"a" 1}', b'{"a": 1', b'{"a": 1} x', b'{"a": 1,}', b"{1: 2}"])
def test_what_is_no_object_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(FeedError, match=r"near byte \d+: not valid JSON"):
        list(members(feed(tmp_path / "feed", text)))


ENTITY = b'<!DOCTYPE a [<!ENTITY b "cc">]><a><update>&b;</update></a>'
EXTERNAL = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'


@pytest.mark.parametrize("text", [ENTITY, EXTERNAL])
def test_xml_with_a_document_type_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(
        FeedError, match="line 1: has a document type or entities, which no feed needs; refused"
    ):
        list(elements(feed(tmp_path / "feed", text), "update"))


def test_xml_gives_each_element_and_nothing_around_it(tmp_path: Path) -> None:
    text = b"<updates>\n<update><id>1</id></update>\n<other/><update><id>2</id></update></updates>"

    assert [one.findtext("id") for one in elements(feed(tmp_path / "feed", text), "update")] == ["1", "2"]


@pytest.mark.parametrize("text", [b"<a><update></a>", b"<a>", b"", b"<a>" * 70])
def test_broken_xml_is_refused_by_its_line(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(FeedError, match=r"feed: line 1: (not valid XML|nested too deeply)"):
        list(elements(feed(tmp_path / "feed", text), "update"))
