# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read repodata: XML of any size, compressed in any way, written by strangers.

Such a file is a long list of like elements. They are cut out one by one, so that only those that matter are
parsed and a host with little memory can read the lists of 60,000 packages.
"""

import bz2
import codecs
import gzip
import lzma
import subprocess
from typing import Any, Callable, Iterator, List, Optional
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_CHUNK = 1 << 20
# A package that lists all files of a distribution is far smaller.
_LARGEST_ELEMENT = 64 << 20
_LARGEST_FILE = 4 << 30


def elements(
    path: str, tag: str, wanted: Optional[Callable[[str], bool]] = None, without: Optional[Any] = None
) -> Iterator[Element]:
    """Yield the elements `tag` of a file, those for whose text `wanted` is true.

    `without`: a pattern of what is taken out before an element is parsed. Raises ValueError for what is no
    such file, OSError when it can't be read.
    """
    for text in _cut_out(_decoded(path), tag):
        if wanted is None or wanted(text):
            yield parse(text if without is None else without.sub("", text))


def parse(text: str, cut_off: bool = False) -> Element:
    """Return the root element of a document. Names lose their prefix (``rpm:entry`` is ``entry``).

    `cut_off`: the text may end early; what is open then is closed. Raises ValueError for what is no document;
    entities, which could blow up, count as that.
    """
    builder = TreeBuilder()
    stack: List[str] = []

    def start(name: str, attributes: Any) -> None:
        stack.append(name.rpartition(":")[2])
        builder.start(stack[-1], attributes)

    def end(_name: str) -> None:
        builder.end(stack.pop())

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        if not cut_off or not stack:
            raise ValueError(f"not XML: {error}")
        for name in reversed(stack):
            builder.end(name)
    return builder.close()


def _refuse(*_declaration: Any) -> None:
    raise ValueError("the document declares entities")


def _cut_out(chunks: Iterator[str], tag: str) -> Iterator[str]:
    begin, end, rest = f"<{tag}", f"</{tag}>", ""
    for chunk in chunks:
        pieces = (rest + chunk).split(end)
        rest = pieces.pop()
        if len(rest) > _LARGEST_ELEMENT:
            raise ValueError(f"no end of <{tag}> in {len(rest)} characters")
        for piece in pieces:
            place = _begin_of(piece, begin)
            if place >= 0:
                yield piece[place:] + end


def _begin_of(text: str, begin: str) -> int:
    place = text.find(begin)
    # <packages> is not <package>.
    while place >= 0 and text[place + len(begin) : place + len(begin) + 1] not in (" ", ">", "\t", "\n"):
        place = text.find(begin, place + 1)
    return place


def _decoded(path: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    total = 0
    try:
        for data in _unpacked(path):
            total += len(data)
            if total > _LARGEST_FILE:
                raise ValueError(f"{path} unpacks to more than {_LARGEST_FILE} bytes")
            yield decoder.decode(data)
    except (EOFError, lzma.LZMAError) as error:
        raise ValueError(f"{path} is damaged: {error}")
    yield decoder.decode(b"", True)


def _unpacked(path: str) -> Iterator[bytes]:
    if path.endswith(".zst"):
        yield from _unpacked_zstd(path)
        return
    openers = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
    opener: Any = next((openers[end] for end in openers if path.endswith(end)), open)
    with opener(path, "rb") as stream:
        while True:
            data = stream.read(_CHUNK)
            if not data:
                return
            yield data


def _unpacked_zstd(path: str) -> Iterator[bytes]:
    # Python has no zstd of its own before 3.14.
    try:
        running = subprocess.Popen(
            ["zstd", "-dcq", "--", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise ValueError(f"{path} needs the program zstd to be read ({error.strerror}); install it")
    output: Any = running.stdout
    with running:
        while True:
            data = output.read(_CHUNK)
            if not data:
                break
            yield data
    if running.returncode != 0:
        raise ValueError(f"{path} is damaged: zstd ended with {running.returncode}")
