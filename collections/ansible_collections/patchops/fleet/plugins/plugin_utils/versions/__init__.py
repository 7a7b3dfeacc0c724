# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version order of each packaging system, under the name that host documents and advisories use for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import (
    apk,
    deb,
    maven,
    npm,
    pacman,
    pypi,
    rpm,
)

# Keys of one scheme compare with one another, and with nothing else.
KEYS: dict[str, Callable[[str], Any]] = {
    "apk": apk.key,
    "deb": deb.key,
    # Go modules have semantic versions, "v1.2.3", as npm packages do.
    "golang": npm.key,
    "maven": maven.key,
    "npm": npm.key,
    "pacman": pacman.key,
    "pypi": pypi.key,
    "rpm": rpm.key,
}


def key_function(scheme: str) -> Callable[[str], Any]:
    """The memoised key function of a scheme, one of KEYS. Raises ValueError for any other."""
    try:
        return KEYS[scheme]
    except KeyError:
        raise ValueError(
            f"no version order is known for {scheme!r}; known: {', '.join(sorted(KEYS))}"
        ) from None


def compare(scheme: str, left: str, right: str) -> int:
    """-1, 0 or 1 as the packaging system itself would say."""
    if scheme == "pacman":
        return pacman.compare(left, right)
    key = key_function(scheme)
    left_key, right_key = key(left), key(right)
    return int(left_key > right_key) - int(left_key < right_key)
