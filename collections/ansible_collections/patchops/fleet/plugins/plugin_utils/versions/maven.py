# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of versions of Maven artifacts, as the POM reference describes it ("Version Order Specification")."""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from itertools import zip_longest

_PART = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_SAME = {"cr": "rc", "final": "", "ga": "", "release": ""}
_QUALIFIERS = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")

# What stands in front of a token ("." or "-"), and the token: a number or a word.
Token = tuple[str, int | str]


@total_ordering
class Version:
    """A version that compares with others; equal ones have the same tokens."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __lt__(self, other: Version) -> bool:
        for mine, its in zip_longest(self.tokens, other.tokens):
            left, right = _rank(mine or _null(its)), _rank(its or _null(mine))
            if left != right:
                return left < right
        return False


@lru_cache(maxsize=1 << 15)
def key(version: str) -> Version:
    """The sort key of a version."""
    return Version(_trimmed(_tokens(version.strip().lower())))


def _tokens(text: str) -> list[Token]:
    """A change between digits and letters counts as a hyphen, and an empty token as 0."""
    tokens: list[Token] = []
    prefix, before = "", ""
    parts = _PART.findall(text)
    for place, part in enumerate(parts):
        if part in ".-":
            if before in ("", ".", "-"):
                tokens.append((prefix, 0))
            prefix = part
        else:
            if before not in ("", ".", "-"):
                prefix = "-"
            tokens.append((prefix, _value(part, parts[place + 1 : place + 2])))
        before = part
    return tokens


def _value(part: str, following: list[str]) -> int | str:
    if part.isdigit():
        return int(part[:4000])
    if part in _SHORT and following and following[0].isdigit():
        return _SHORT[part]
    return _SAME.get(part, part)


def _trimmed(tokens: list[Token]) -> tuple[Token, ...]:
    """Without the zeros and empty words at the end, and in front of each hyphen."""
    kept: list[Token] = []
    for token in tokens:
        if token[0] == "-":
            _drop_nulls(kept)
        kept.append(token)
    _drop_nulls(kept)
    return tuple(kept)


def _drop_nulls(tokens: list[Token]) -> None:
    while len(tokens) > 1 and tokens[-1][1] in (0, ""):
        tokens.pop()


def _null(other: Token | None) -> Token:
    """What a version without a token has in its place: 0 for a number behind a dot, else nothing."""
    prefix, value = other or ("", "")
    return (prefix, 0) if prefix != "-" and isinstance(value, int) else ("-", "")


def _rank(token: Token) -> tuple[int, int, str]:
    """Words come first, then numbers behind a hyphen, then those behind a dot."""
    prefix, value = token
    if isinstance(value, int):
        return (2 if prefix == "." or not prefix else 1, value, "")
    if value in _QUALIFIERS:
        return (0, _QUALIFIERS.index(value), "")
    return (0, len(_QUALIFIERS), value)
