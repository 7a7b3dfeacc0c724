# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a feed speaks of all packages of its releases, or only of those that it names.

Some formats are a publisher's whole list by their nature. Others (OSV, CSAF) are one document an advisory, of
which a file can hold one or all: what they do not name is judged only where they are known to hold all.

``whole``: by its format, its name or its size. ``declared``: who imported it says so. ``some``: single
documents.
"""

from __future__ import annotations

from typing import Final, Literal

Scope = Literal["whole", "declared", "some"]

_BY_DOCUMENT: Final = frozenset({"osv", "csaf", "openvex"})
_NEVER_WHOLE: Final = frozenset({"openvex"})
"""Statements about single packages: silence about another one says nothing."""
_WHOLE_FILE: Final = "/all.zip"
"""What OSV calls the archive of an ecosystem."""
_COLLECTION: Final = 500
"""So many advisories nobody collects by hand; the smallest distribution's archive has more."""


def scope_of(kind: str, location: str, records: int, declared: bool = False) -> Scope:
    """The scope of a source. declared: who imports it says that it is whole."""
    if kind not in _BY_DOCUMENT:
        return "whole"
    if kind in _NEVER_WHOLE:
        return "some"
    if declared:
        return "declared"
    return "whole" if records >= _COLLECTION or f"/{location}".endswith(_WHOLE_FILE) else "some"
