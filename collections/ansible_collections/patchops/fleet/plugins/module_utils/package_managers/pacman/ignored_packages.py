# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep versions that were taken back from coming again through the host's own updates: pacman's IgnorePkg.

It knows names alone, so that a newer version, which may be good, stays away from `pacman -Syu` as well. Our
own plans leave out just the versions that were taken back.
"""

import os
from typing import Dict, List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.marked_part import (
    MarkedPart,
    read_entries,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    split_entry,
)

PATH = "/etc/pacman.conf"


def block(versions: List[Dict[str, str]], transaction_id: str) -> None:
    """Have pacman ignore `versions` ([{name, version}]); raises DriverError."""
    _part().change({transaction_id: ["{name}-{version}".format(**one) for one in versions]})


def unblock(transaction_id: str) -> None:
    """Take back what `block` did for a transaction."""
    if os.path.exists(PATH):
        _part().change({transaction_id: []})


def with_ignored(text: str, changed: Dict[str, List[str]]) -> str:
    """Return the configuration `text` with the versions of the transactions `changed` ignored. Pure."""
    return _part().changed(text, changed)


def read_blocked() -> Dict[str, Set[str]]:
    """Return the versions that are kept away, by name."""
    try:
        with open(PATH, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return {}
    blocked: Dict[str, Set[str]] = {}
    for words in read_entries(text).values():
        for name, version in map(split_entry, words):
            blocked.setdefault(name, set()).add(version)
    return blocked


def administrators_own(patterns: List[str], blocked: Dict[str, Set[str]]) -> List[str]:
    """Return the patterns of IgnorePkg without those that are there because of `blocked`. Pure."""
    ours = set(blocked)
    own = []
    for pattern in patterns:
        # Each of ours stands there once; what is there twice, the administrator has set too.
        if pattern in ours:
            ours.discard(pattern)
        else:
            own.append(pattern)
    return own


def _part() -> MarkedPart:
    return MarkedPart(PATH, "options", _setting)


def _setting(rest: str, words: List[str]) -> str:
    return "IgnorePkg = " + " ".join(sorted({split_entry(word)[0] for word in words}))
