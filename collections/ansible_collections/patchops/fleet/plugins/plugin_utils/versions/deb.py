# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for Debian versions, in the order of dpkg (deb-version(7)).

A key is one string: comparing two keys is one memory comparison, and equal versions
("1.0-1", "0:1.00-1") have equal keys, so keys also serve in dictionaries and in sort.

How the rules become characters of the key:
- a run of digits becomes its length and then its digits without leading zeros;
- in a run of other characters "~" sorts before the end, the end before letters, letters before the rest;
- each part closes with the end mark, so that no key of a part is the beginning of another one.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions.numbers import number, split_epoch

END = "\x02"
_RUNS = re.compile(r"([^0-9]*)([0-9]*)")


class _Weights(dict[int, int]):
    """Character weights; what no valid version contains sorts last."""

    def __missing__(self, code: int) -> int:
        return min(code + 0x100, sys.maxunicode)


_WEIGHTS = _Weights({code: code if chr(code).isalpha() else code + 0x80 for code in range(0x80)})
_WEIGHTS[ord("~")] = 0x01


def _part(text: str) -> str:
    runs = _RUNS.findall(text)
    if len(runs) > 1:
        runs.pop()  # the empty match at the end of the text
    return "".join([other.translate(_WEIGHTS) + END + number(digits) for other, digits in runs]) + END


@lru_cache(maxsize=1 << 17)
def key(version: str) -> str:
    """The sort key of a version. Every string has one; an epoch that is no number counts as upstream."""
    epoch, rest = split_epoch(version.strip())
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return number(epoch) + _part(upstream) + _part(revision)
