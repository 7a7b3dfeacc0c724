# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort keys for versions of Python packages, in the order of PEP 440."""

from __future__ import annotations

import re
from functools import lru_cache

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions.numbers import number

Key = tuple[int | str, ...]

_VERSION = re.compile(
    r"\s*v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_number>[0-9]*))?"
    r"(?P<post>-(?P<post_implicit>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*",
    re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
# What comes at one place of a version, in its order: a development release alone, a pre-release, nothing, a
# post-release.
_DEV_ONLY, _PRE_RELEASE, _FINAL, _POST = range(4)


@lru_cache(maxsize=1 << 15)
def key(version: str) -> Key:
    """The sort key of a version. What is no version in the sense of PEP 440 sorts before all that are."""
    match = _VERSION.fullmatch(version)
    if not match:
        return (0, version)
    release = [number(part) for part in match["release"].split(".")]
    while len(release) > 1 and release[-1] == number("0"):
        release.pop()
    return (1, number(match["epoch"] or "0"), *release, "", *_rest(match))


def _rest(match: re.Match[str]) -> Key:
    """Everything behind the release, at the same places for every version."""
    word = (match["pre"] or "").lower()
    if word:
        pre: Key = (_PRE_RELEASE, _PRE.get(word, word), number(match["pre_number"]))
    else:
        pre = (_DEV_ONLY if match["dev"] and not match["post"] else _FINAL, "", "")
    post = number(match["post_implicit"] or match["post_number"] or "0") if match["post"] else ""
    development = number(match["dev_number"]) if match["dev"] else ""
    return (
        *pre,
        _POST if match["post"] else _FINAL,
        post,
        _DEV_ONLY if match["dev"] else _FINAL,
        development,
        *_local(match["local"]),
    )


def _local(text: str | None) -> Key:
    """Local versions: words before numbers, and fewer parts before more."""
    parts: list[int | str] = []
    for part in re.split(r"[-_.]", (text or "").lower()):
        if part:
            parts += (1, number(part)) if part.isdigit() else (0, part)
    return (*parts, -1)
