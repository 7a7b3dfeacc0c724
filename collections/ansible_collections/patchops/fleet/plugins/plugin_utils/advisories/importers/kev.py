# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CISA's catalogue of Known Exploited Vulnerabilities, as JSON or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Kev,
    Record,
    Released,
    Unproven,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, is_cve
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import CUT, Feed

_FIRST_ENTRY = "CVE-2020-29583"
"""The last line of the CSV: the catalogue's first entries of 2021 stand at its end."""
_ANSWERS = {"yes": True, "true": True, "required": True, "known": True, "no": False, "false": False}


def read(feed: Feed) -> Iterator[Record]:
    """An entry a vulnerability; the JSON form also carries the catalogue's date."""
    with feed.stream() as stream:
        start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    feed.read = 0
    yield from _json(feed) if start.startswith(b"{") else _csv(feed)


def _json(feed: Feed) -> Iterator[Record]:
    catalogue = Checked(feed.document(), feed.name, "")
    if "vulnerabilities" not in catalogue.value:
        raise FeedError(feed.name, "vulnerabilities", "is missing; this is no KEV catalogue")
    if released := catalogue.date("dateReleased"):
        yield Released(released)
    entries = catalogue.objects("vulnerabilities")
    count = catalogue.value.get("count")
    if count is not None and count != len(entries):
        raise FeedError(feed.name, "count", f"says {count!r:.40}, but there are {len(entries)} entries")
    if count is None and not feed.has_end:
        yield Unproven("it tells no count of its entries")
    for entry in entries:
        yield _entry(entry)


def _csv(feed: Feed) -> Iterator[Record]:
    rows = csv.DictReader((line for _number, line in feed.lines(ended=True)), strict=True)
    last = ""
    try:
        if "cveID" not in (rows.fieldnames or ()):
            raise FeedError(feed.name, "line 1", "has no column cveID; this is no KEV catalogue")
        for row in rows:
            if None in row or None in row.values():
                raise FeedError(
                    feed.name, f"line {rows.line_num}", f"has not as many columns as the head: {CUT}"
                )
            entry = _entry(Checked(row, feed.name, f"line {rows.line_num}"))
            last = entry.cve
            yield entry
    except csv.Error as error:
        raise FeedError(feed.name, f"line {rows.line_num}", f"not valid CSV: {error}") from error
    if last != _FIRST_ENTRY and not feed.has_end:
        yield Unproven("it doesn't end with the catalogue's first entry")


def _entry(entry: Checked) -> Kev:
    cve = entry.text("cveID").strip().upper()
    if not is_cve(cve):
        raise FeedError(entry.file, f"{entry.place}.cveID", f"expected a CVE id, found {cve[:40]!r}")
    if not entry.date("dateAdded"):
        raise FeedError(entry.file, f"{entry.place}.dateAdded", "is empty")
    return Kev(
        cve=cve,
        name=entry.short("vulnerabilityName"),
        date_added=entry.date("dateAdded"),
        due_date=entry.date("dueDate"),
        ransomware=True if entry.short("knownRansomwareCampaignUse").lower() == "known" else None,
        forensics=_forensics(entry.value),
    )


def _forensics(entry: dict[str, Any]) -> bool | None:
    """The answer of the column on forensic triage, which BOD 26-04 brought, by whatever exact name it
    comes."""
    for key, value in entry.items():
        if "forensic" in str(key).lower():
            return _ANSWERS.get(str(value).strip().lower())
    return None
