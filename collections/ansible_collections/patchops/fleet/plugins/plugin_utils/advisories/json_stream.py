# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of a JSON object one by one, so that a feed of a hundred megabytes never is in memory as a
whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_CHUNK = 1 << 18
_SPACE = re.compile(r"[ \t\r\n]*")


class _Buffer:
    """Text that grows on demand. A value that is cut off is tried again with twice as much text."""

    def __init__(self, feed: Feed, stream: IO[bytes]) -> None:
        self._feed, self._stream = feed, stream
        self._decoder = json.JSONDecoder(parse_constant=_refuse)
        self._pending = b""
        self.text, self.place, self.complete = "", 0, False

    def grow(self) -> bool:
        """More text, in place of what was consumed. False at the end of the feed."""
        if self.complete:
            return False
        wanted = max(_CHUNK, len(self.text) - self.place)
        if wanted > self._feed.limits.element_bytes:
            raise self.error(f"one value is larger than {self._feed.limits.element_bytes} bytes")
        data = self._pending + self._stream.read(wanted)
        self.complete = len(data) - len(self._pending) < wanted
        # A character may be cut at the end of a chunk: its bytes wait for the next one.
        whole = len(data) if self.complete else _whole_characters(data)
        self._pending = data[whole:]
        self.text = self.text[self.place :] + self._feed.text(data[:whole], f"byte {self._feed.read}")
        self.place = 0
        self._feed.count_values(self.text, f"near byte {self._feed.read}")
        return True

    def peek(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            self.place = _SPACE.match(self.text, self.place).end()  # type: ignore[union-attr]
            if self.place < len(self.text):
                return self.text[self.place]
            if not self.grow():
                return ""

    def expect(self, character: str) -> None:
        found = self.peek()
        if found != character:
            raise self.error(f"expected {character!r}, found {found or 'the end'!r}")
        self.place += 1

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self.text, self.place)
            except RecursionError as error:
                raise self.error("nested too deeply") from error
            except ValueError as error:
                if not self.grow():
                    raise self.error(str(error)) from error
                continue
            # A number may go on in the next chunk.
            if end < len(self.text) or not self.grow():
                self.place = min(end, len(self.text))
                return value

    def error(self, problem: str) -> FeedError:
        return FeedError(self._feed.name, f"near byte {self._feed.read}", f"not valid JSON: {problem}")


def members(feed: Feed) -> Iterator[tuple[str, Any]]:
    """Key and value of each member of the object that the feed is. Raises FeedError with the place."""
    with feed.stream() as stream:
        buffer = _Buffer(feed, stream)
        buffer.expect("{")
        if buffer.peek() == "}":
            buffer.place += 1
        else:
            yield from _pairs(buffer)
        if trailing := buffer.peek():
            raise buffer.error(f"{trailing!r} behind the end")


def _pairs(buffer: _Buffer) -> Iterator[tuple[str, Any]]:
    while True:
        key = buffer.value()
        if not isinstance(key, str):
            raise buffer.error("a key is not text")
        buffer.expect(":")
        yield key, buffer.value()
        if buffer.peek() == "}":
            buffer.place += 1
            return
        buffer.expect(",")


def _whole_characters(data: bytes) -> int:
    end = len(data)
    for back in range(1, min(4, end) + 1):
        byte = data[end - back]
        if byte & 0xC0 != 0x80:
            needed = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
            return end if needed <= back else end - back
    return end


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")
