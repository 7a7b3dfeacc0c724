# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for Alpine versions, in the order of apk-tools 3 (src/version.c).

The grammar is digits{.digits}{letter}{_suffix{number}}{~hash}{-r#}. apk compares token by token; where two
versions go on with different kinds of token, the kind decides. A key is therefore a flat tuple in which the
rank of a kind and the token's value alternate. A version that breaks the grammar ends there, like in apk.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions.numbers import number

Key = tuple[int | str, ...]

_PRE, _INVALID, _END, _REVISION, _HASH, _SUFFIX_NUMBER, _POST, _LETTER, _DIGIT = range(9)
_SUFFIXES = {
    name: rank
    for rank, name in enumerate(("alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"), start=1)
}
_LAST_PRE = _SUFFIXES["rc"]
_FIRST = re.compile(r"[0-9]+")
_TOKEN = re.compile(
    r"\.(?P<digit>[0-9]+)|(?P<letter>[a-z])|_(?P<suffix>[a-z]+)(?P<number>[0-9]*)|~(?P<hash>[0-9a-f]+)|-r(?P<revision>[0-9]+)"
)
# The kinds of token (by group name) that may still follow each kind.
_FOLLOW = {
    "digit": {"digit", "letter", "suffix", "hash", "revision"},
    "letter": {"suffix", "hash", "revision"},
    "suffix": {"suffix", "hash", "revision"},
    "hash": {"revision"},
    "revision": set[str](),
}


def _token(match: re.Match[str], kind: str) -> Key:
    text = match[kind]
    if kind == "digit":
        # A leading zero turns the comparison into one of strings, and those sort before all others.
        return (_DIGIT, 0, text) if text[0] == "0" else (_DIGIT, 1, number(text))
    if kind == "letter":
        return (_LETTER, text)
    if kind == "hash":
        return (_HASH, text)
    if kind == "revision":
        return (_REVISION, number(text))
    suffix = _SUFFIXES[text]
    value: Key = (_PRE if suffix <= _LAST_PRE else _POST, suffix)
    return (*value, _SUFFIX_NUMBER, number(match["number"])) if match["number"] else value


@lru_cache(maxsize=1 << 17)
def key(version: str) -> Key:
    """The sort key of a version. Every string has one."""
    first = _FIRST.match(version)
    if not first:
        return (_INVALID,)
    parts: list[int | str] = [_DIGIT, number(first[0])]
    place, kind = first.end(), "digit"
    while place < len(version):
        match = _TOKEN.match(version, place)
        following = (
            match and match.lastgroup and ("suffix" if match.lastgroup == "number" else match.lastgroup)
        )
        if not match or following not in _FOLLOW[kind] or (match["suffix"] or "p") not in _SUFFIXES:
            return (*parts, _INVALID)
        parts.extend(_token(match, following))
        place, kind = match.end(), following
    return (*parts, _END)
