# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for versions of npm packages, in the order of Semantic Versioning 2.0."""

from __future__ import annotations

import re
from functools import lru_cache

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions.numbers import number

Key = tuple[int | str, ...]

_VERSION = re.compile(
    r"\s*[v=]?(?P<core>[0-9]+(?:\.[0-9]+){0,2})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?\s*"
)
# Behind a number of the core: a pre-release, or nothing. Behind a part of a pre-release: the end, a number, a
# word.
_PRE_RELEASE, _FINAL = 0, 1
_END, _NUMBER, _WORD = 0, 1, 2


@lru_cache(maxsize=1 << 15)
def key(version: str) -> Key:
    """The sort key of a version; missing parts count as 0. What is no version sorts before all that are."""
    match = _VERSION.fullmatch(version)
    if not match:
        return (0, version)
    core = [number(part) for part in match["core"].split(".")]
    core += [number("0")] * (3 - len(core))
    if not match["pre"]:
        return (1, *core, _FINAL)
    parts: list[int | str] = []
    for part in match["pre"].split("."):
        parts += (_NUMBER, number(part)) if part.isdigit() else (_WORD, part)
    return (1, *core, _PRE_RELEASE, *parts, _END)
