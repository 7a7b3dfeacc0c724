# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for RPM's epoch:version-release, in the order of rpmvercmp, with "~" and "^".

A key is one string: comparing two keys is one memory comparison.
Each segment starts with a mark, and the marks carry the order: "~" before the end, the end
before "^", "^" before letters, letters before digits. Separators only divide segments.
"""

import re
from functools import lru_cache
from typing import Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.versions.numbers import number, split_epoch

_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_TILDE, _END, _CARET, _LETTERS, _DIGITS = "\x01", "\x02", "\x03", "\x04", "\x05"


def _segment(text: str) -> str:
    if text == "~":
        return _TILDE
    if text == "^":
        return _CARET
    if text[0].isdigit():
        return _DIGITS + number(text)
    return _LETTERS + text


def _part(text: str) -> str:
    return "".join(map(_segment, _SEGMENTS.findall(text))) + _END


def split(evr: str) -> Tuple[str, str, str]:
    """Epoch ("0" where none is given), version and release ("" where there is none) of "E:V-R"."""
    epoch, rest = split_epoch(evr.strip())
    version, dash, release = rest.rpartition("-")
    return (epoch or "0", version, release) if dash else (epoch or "0", rest, "")


@lru_cache(maxsize=1 << 17)
def key(evr: str) -> str:
    """The sort key of an epoch:version-release. Every string has one; no epoch counts as 0."""
    epoch, version, release = split(evr)
    return number(epoch) + _part(version) + _part(release)
