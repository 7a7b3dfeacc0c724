# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading feeds as what they are: untrusted input. Bounded, decompressed on the way, refused with the place.

A feed is a file (plain, gzip, bzip2 or xz), an archive (tar, also compressed, or zip) or a folder.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError

CUT = "the file was cut; copy it again, whole"
_CHUNK = 1 << 20
_MAGIC: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
# Python reads it from 3.14 on.
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True)
class Limits:
    """What no honest feed exceeds. The ratio (plain to compressed) counts once a feed has shown 16 MiB of
    text.

    A member is a document that is read as a whole, an element one advisory of many. Parsed JSON takes up to
    thirty times its text, so that its values are counted as well (by commas and brackets).
    """

    total_bytes: int = 2 << 30
    member_bytes: int = 64 << 20
    element_bytes: int = 16 << 20
    values: int = 4_000_000
    line_bytes: int = 4 << 20
    members: int = 1_000_000
    ratio: int = 400


class _Bounded(io.RawIOBase):
    """A stream that counts what it gives and refuses to give more than the limits allow."""

    def __init__(self, raw: IO[bytes], stream: IO[bytes], feed: Feed, compressed: int) -> None:
        self._raw, self._stream, self._feed, self._compressed = raw, stream, feed, max(compressed, 1)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._raw.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise FeedError(
                self._feed.name, f"byte {self._feed.read}", f"broken or truncated: {error}"
            ) from error
        self._feed.count(len(data), self._compressed)
        buffer[: len(data)] = data
        return len(data)


@dataclass
class Feed:
    """One feed on disk. name: what messages call it. release: the release key, for feeds that don't say
    it."""

    path: Path
    release: str = ""
    limits: Limits = field(default_factory=Limits)
    read: int = 0

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def has_end(self) -> bool:
        """Whether the file's own form shows where it ends: what is compressed can't be cut unseen."""
        with self.path.open("rb") as raw:
            return raw.read(6).startswith(tuple(start for start, _opener in _MAGIC))

    def count(self, amount: int, compressed: int) -> None:
        self.read += amount
        if self.read > self.limits.total_bytes:
            raise FeedError(
                self.name, "", f"larger than {self.limits.total_bytes} bytes when unpacked; refused"
            )
        if self.read > 16 << 20 and self.read > compressed * self.limits.ratio:
            raise FeedError(
                self.name, "", f"unpacks to more than {self.limits.ratio} times its size; refused"
            )

    def stream(self) -> IO[bytes]:
        """The decompressed bytes. The caller closes it."""
        try:
            raw = self.path.open("rb")
            size = self.path.stat().st_size
            # A pipe can't go back to its start.
            magic = raw.peek(len(_ZSTANDARD) + 2)
        except OSError as error:
            raise FeedError(self.name, "", f"can't be read: {error.strerror}") from error
        if magic.startswith(_ZSTANDARD):
            raw.close()
            raise FeedError(self.name, "", "is compressed with zstd; unpack it first (zstd -d)")
        opener = next((one for start, one in _MAGIC if magic.startswith(start)), None)
        if opener is None:
            return io.BufferedReader(_Bounded(raw, raw, self, self.limits.total_bytes), _CHUNK)
        return io.BufferedReader(_Bounded(raw, opener(raw), self, size), _CHUNK)

    def lines(self, ended: bool = False) -> Iterator[tuple[int, str]]:
        """Line numbers (from 1) and lines without their end.

        ended: refuse a last line without its end, of formats in which a part of a line can look like a whole.
        """
        with self.stream() as stream:
            number, last = 0, b"\n"
            while line := stream.readline(self.limits.line_bytes + 1):
                number += 1
                last = line
                if len(line) > self.limits.line_bytes:
                    raise FeedError(
                        self.name, f"line {number}", f"longer than {self.limits.line_bytes} bytes"
                    )
                yield number, self.text(line, f"line {number}").rstrip("\r\n")
        if ended and not last.endswith(b"\n"):
            raise FeedError(self.name, f"line {number}", f"has no end: {CUT}")

    def whole_text(self) -> str:
        """The whole feed as text, for feeds that fit into memory by their nature."""
        data = self._all()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FeedError(self.name, f"line {line}", f"not UTF-8 text: {error.reason}") from error

    def text(self, data: bytes, place: str) -> str:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FeedError(
                self.name, place, f"not UTF-8 text: {error.reason} at byte {error.start}"
            ) from error

    def json(self, data: bytes | str, place: str) -> Any:
        """The value of a JSON text; NaN and the like, which JSON doesn't have, are refused."""
        text = self.text(data, place) if isinstance(data, bytes) else data
        self.count_values(text, place)
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise FeedError(self.name, place, f"not valid JSON: {error}") from error

    def count_values(self, text: str, place: str) -> None:
        """Refuse a JSON text with more values than the limits allow."""
        if sum(text.count(character) for character in ",[{") > self.limits.values:
            raise FeedError(self.name, place, f"has more than {self.limits.values} values in one; refused")

    def document(self) -> Any:
        """The whole feed as one JSON value, for feeds that fit into memory by their nature."""
        return self.json(self._all(), "")

    def _all(self) -> bytes:
        with self.stream() as stream:
            data = stream.read(self.limits.member_bytes + 1)
        if len(data) > self.limits.member_bytes:
            raise FeedError(self.name, "", f"larger than {self.limits.member_bytes} bytes; refused")
        return data

    def documents(self, suffix: str = ".json") -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each document: of a folder or an archive, or the one file itself."""
        if self.path.is_dir():
            yield from self._bounded_members(self._folder(suffix))
        elif zipfile.is_zipfile(self.path):
            yield from self._bounded_members(self._zip(suffix))
        elif self._is_tar():
            yield from self._bounded_members(self._tar(suffix))
        else:
            with self.stream() as stream:
                yield "", self._member("", stream)

    def digest(self) -> tuple[str, int]:
        """SHA-256 and size of the bytes on disk; of a folder, over its file names and contents.

        Raises FeedError for what has no end (a device, a pipe) or can't be read.
        """
        if not (self.path.is_dir() or self.path.is_file()):
            raise FeedError(self.name, "", "is neither a file nor a folder; refused")
        checksum, size = hashlib.sha256(), 0
        files = (
            sorted(one for one in self.path.rglob("*") if one.is_file())
            if self.path.is_dir()
            else [self.path]
        )
        for file in files:
            if file is not self.path:
                checksum.update(f"{file.relative_to(self.path)}\0".encode())
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    checksum.update(chunk)
                    size += len(chunk)
        return checksum.hexdigest(), size

    def _is_tar(self) -> bool:
        try:
            return tarfile.is_tarfile(self.path)
        except OSError:
            return False

    def _member(self, name: str, stream: IO[bytes]) -> bytes:
        data = stream.read(self.limits.member_bytes + 1)
        if len(data) > self.limits.member_bytes:
            raise FeedError(self.name, name, f"larger than {self.limits.member_bytes} bytes; refused")
        return data

    def _bounded_members(self, members: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        try:
            for number, member in enumerate(members, start=1):
                if number > self.limits.members:
                    raise FeedError(self.name, "", f"more than {self.limits.members} documents; refused")
                yield member
        except _BROKEN as error:
            raise FeedError(
                self.name, f"byte {self.read}", f"broken or truncated archive: {error}"
            ) from error

    def _folder(self, suffix: str) -> Iterator[tuple[str, bytes]]:
        for file in sorted(self.path.rglob(f"*{suffix}")):
            if file.is_file() and not file.is_symlink():
                with file.open("rb") as stream:
                    data = self._member(file.name, stream)
                # Nothing of it was compressed: only its size counts, never a ratio.
                self.count(len(data), self.read + len(data))
                yield str(file.relative_to(self.path)), data

    def _zip(self, suffix: str) -> Iterator[tuple[str, bytes]]:
        compressed = max(self.path.stat().st_size, 1)
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(suffix) and not info.is_dir():
                    with archive.open(info) as stream:
                        data = self._member(info.filename, stream)
                    self.count(len(data), compressed)
                    yield info.filename, data

    def _tar(self, suffix: str) -> Iterator[tuple[str, bytes]]:
        with self.stream() as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            for info in archive:
                if info.isreg() and info.name.endswith(suffix):
                    stream = archive.extractfile(info)
                    if stream is not None:
                        yield info.name, self._member(info.name, stream)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")
