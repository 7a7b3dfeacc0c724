# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The elements of an XML feed one by one. A document type, and with it every entity, is refused before it is
read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_CHUNK = 1 << 18
_MAX_DEPTH = 64
# Elements and attributes inside of one advisory; a kernel's has some ten thousand.
_MAX_PARTS = 500_000


class _Elements:
    """Builds the elements named tag and forgets everything around them."""

    def __init__(self, feed: Feed, tag: str) -> None:
        self._feed, self._tag = feed, tag
        self._depth = 0
        self._builder: ET.TreeBuilder | None = None
        self._inside = 0
        self._began = self._parts = 0
        self.finished: list[ET.Element] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    @property
    def place(self) -> str:
        return f"line {self.parser.CurrentLineNumber}"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FeedError(self._feed.name, self.place, "nested too deeply")
        if self._builder is None:
            if name != self._tag:
                return
            self._builder, self._inside = ET.TreeBuilder(), self._depth
            self._began, self._parts = self.parser.CurrentByteIndex, 0
        self._parts += 1 + len(attributes)
        self._check_size()
        self._builder.start(name, attributes)

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(name)
            if self._depth == self._inside:
                element = self._builder.close()
                element.set("place", self.place)
                self.finished.append(element)
                self._builder = None
        self._depth -= 1

    def _data(self, text: str) -> None:
        if self._builder is not None:
            self._check_size()
            self._builder.data(text)

    def _check_size(self) -> None:
        size = self.parser.CurrentByteIndex - self._began
        if size > self._feed.limits.element_bytes or self._parts > _MAX_PARTS:
            raise FeedError(
                self._feed.name,
                self.place,
                f"one {self._tag} is larger than {self._feed.limits.element_bytes} bytes, or has more than "
                f"{_MAX_PARTS} parts; refused",
            )

    def _refuse(self, *_details: Any) -> int:
        raise FeedError(
            self._feed.name, self.place, "has a document type or entities, which no feed needs; refused"
        )


def elements(feed: Feed, tag: str) -> Iterator[ET.Element]:
    """Each element with that tag; its attribute "place" is where it ends in the file."""
    collector = _Elements(feed, tag)
    fed = 0
    with feed.stream() as stream:
        final = False
        while not final:
            data = stream.read(_CHUNK)
            final = not data
            try:
                collector.parser.Parse(data, final)
            except expat.ExpatError as error:
                raise FeedError(
                    feed.name, collector.place, f"not valid XML: {expat.ErrorString(error.code)}"
                ) from error
            fed += len(data)
            # The parser keeps what it can't tell yet, such as a tag without an end.
            if fed - max(0, collector.parser.CurrentByteIndex) > feed.limits.element_bytes:
                raise FeedError(
                    feed.name,
                    collector.place,
                    f"one tag is larger than {feed.limits.element_bytes} bytes; refused",
                )
            yield from collector.finished
            collector.finished.clear()
