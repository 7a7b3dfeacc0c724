# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for pacman versions, in the order of libalpm (lib/libalpm/version.c).

Unlike rpm's order, the number of separators counts, and letters right behind digits mean a pre-release
("1.0rc" < "1.0"). libalpm's own comparison is not transitive in two places: it ignores the release where one
side has none, which `compare` does too and `key` can't; and for versions that end in separators, for which
`key` has one fixed order.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions.numbers import number, split_epoch

_SEGMENTS = re.compile(r"([^0-9A-Za-z]*)([0-9]+|[A-Za-z]+|$)")
# What follows a segment: letters, then the end, then digits, then separated segments by distance.
_LETTERS, _END, _DIGITS = "\x01", "\x02", "\x03"
_SEPARATED = 3


def _part(text: str) -> str:
    parts = []
    for separators, run in _SEGMENTS.findall(text):
        if separators:
            parts.append(chr(_SEPARATED + (len(separators) if run else 1)))
        if not run:
            break
        if run[0].isdigit():
            parts.append(_DIGITS + number(run))
        else:
            parts.append(_LETTERS + run + "\0")
    return "".join(parts) + _END


def split(version: str) -> tuple[str, str, str | None]:
    """Epoch ("" where none is given), version and release (None where there is none)."""
    epoch, rest = split_epoch(version)
    upstream, dash, release = rest.rpartition("-")
    return (epoch, upstream, release) if dash else (epoch, rest, None)


@lru_cache(maxsize=1 << 17)
def key(version: str) -> tuple[str, str, str]:
    """The sort key of a version. Every string has one; without release it sorts before all its releases."""
    epoch, upstream, release = split(version)
    return (number(epoch), _part(upstream), "" if release is None else _part(release))


def compare(left: str, right: str) -> int:
    """-1, 0 or 1 as vercmp(8) prints it: the release counts only where both sides have one."""
    left_key, right_key = key(left), key(right)
    if not (left_key[2] and right_key[2]):
        left_key, right_key = (*left_key[:2], ""), (*right_key[:2], "")
    return (left_key > right_key) - (left_key < right_key)
