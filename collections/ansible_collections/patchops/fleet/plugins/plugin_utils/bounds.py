# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a host may say: depth, count and length of untrusted data, and text that is safe to show. Pure.

Whatever shows text of a host, to a terminal, in a log or a message, takes it through `plain` or `named`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Controls but line feed and tab, separators of lines, bidirectional and zero-width characters, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_BREAKS = re.compile(r"[\t\r\n\v\f]+")
_LARGEST_NUMBER = 2**63 - 1


class BoundsError(ValueError):
    """Data is deeper, larger or stranger than anything that a host has to say."""


@dataclass(frozen=True)
class Bounds:
    """The most that data may be: levels, values in it, characters of one text and of all texts together."""

    depth: int
    values: int
    text: int
    texts: int


# A plan of 20,000 packages fits in; messages that people read are cut by who shows them.
ANSWER = Bounds(depth=12, values=500_000, text=100_000, texts=16_000_000)
# A host with 20,000 packages.
DOCUMENT = Bounds(depth=24, values=1_000_000, text=1_000_000, texts=48_000_000)


def bounded(data: Any, bounds: Bounds, *, visible: bool) -> Any:
    """Return a copy of `data` that is plain JSON within `bounds`; raises BoundsError.

    `visible`: each text becomes one line of printable text. Otherwise text stays as it is, and a lone
    surrogate, which no encoder takes, is an error.
    """
    return _Copy(bounds, visible).of(data, bounds.depth)


class _Copy:
    def __init__(self, bounds: Bounds, visible: bool) -> None:
        self._bounds = bounds
        self._text = self._shown if visible else self._sound
        self._values = bounds.values
        self._characters = bounds.texts

    def of(self, value: Any, depth: int) -> Any:
        self._values -= 1
        if self._values < 0:
            raise BoundsError(f"more than {self._bounds.values} values")
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        if not isinstance(value, (dict, list)):
            raise BoundsError(f"a value of the type {type(value).__name__}")
        if depth == 0:
            raise BoundsError(f"more than {self._bounds.depth} levels")
        if isinstance(value, list):
            return [self.of(one, depth - 1) for one in value]
        return {self._key(key): self.of(one, depth - 1) for key, one in value.items()}

    def _key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise BoundsError(f"a key of the type {type(key).__name__}")
        return self._text(key)

    def _counted(self, text: str) -> None:
        self._characters -= len(text)
        if len(text) > self._bounds.text:
            raise BoundsError(f"a text of {len(text)} characters")
        if self._characters < 0:
            raise BoundsError(f"more than {self._bounds.texts} characters of text")

    def _shown(self, text: str) -> str:
        self._counted(text)
        return text if text.isprintable() else one_line(text)

    def _sound(self, text: str) -> str:
        self._counted(text)
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise BoundsError("a text with half of a character (a lone surrogate)") from None
        return text


def visible(text: str) -> str:
    """Return `text` with control and direction characters as visible escapes; line feeds and tabs stay."""
    return _UNSAFE.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return `text` with blanks for its line breaks and tabs, and visible escapes for other controls."""
    return visible(_BREAKS.sub(" ", text))


def plain(value: object, limit: int = 2000) -> str:
    """Return `value` as one line of printable text of at most `limit` characters.

    Line breaks and tabs become blanks, other control and direction characters become visible escapes.
    """
    text = value if isinstance(value, str) else str(value)
    text = one_line(text[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def named(names: Iterable[object], most: int, limit: int = 80) -> str:
    """Return the first names in one line, each plain and short, and how many there are besides."""
    told = [plain(name, limit) for name in names]
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return f"{', '.join(told[:most])}{more}"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _number(value: float) -> float:
    # Neither NaN nor an infinity is JSON, nor has anybody a use for them.
    if not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise BoundsError("a number that is out of all bounds")
    return value
