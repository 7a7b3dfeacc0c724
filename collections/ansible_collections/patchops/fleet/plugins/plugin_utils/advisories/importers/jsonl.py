# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's advisories, normalised: one JSON object a line.

{"id": "DSA-5865-1", "date": "2025-02-12", "package": "webkit2gtk", "title": "security update",
 "cves": ["CVE-2025-24143"], "fixed": [["bookworm", "webkit2gtk", "2.46.6-1~deb12u1"]]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.debian import (
    debian_affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed


def read(feed: Feed) -> Iterator[Record]:
    """An advisory a line; empty lines are skipped."""
    for number, line in feed.lines():
        place = f"line {number}"
        if line.strip():
            yield _advisory(Checked(feed.json(line, place), feed.name, place))


def _advisory(entry: Checked) -> Advisory:
    name = entry.text("id")
    issued = entry.date("date")
    return Advisory(
        name=name,
        title=f"{entry.short('package')} - {entry.short('title')}",
        issued=issued,
        updated=issued,
        url=f"https://security-tracker.debian.org/tracker/{name}",
        cves=cves_in(*(one for one in entry.items("cves") if isinstance(one, str))),
        affected=tuple(_fixed(entry, one) for one in entry.items("fixed")),
    )


def _fixed(entry: Checked, row: Any) -> Affected:
    if not (isinstance(row, list) and len(row) == 3 and all(isinstance(one, str) and one for one in row)):
        raise FeedError(
            entry.file, f"{entry.place}.fixed", f"expected [suite, source, version], found {row!r:.80}"
        )
    return debian_affected(*row)
