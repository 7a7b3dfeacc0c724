# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV exports of Nessus and of Tenable Security Center: plugins with the CVEs that they test for, by host."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

# The same under the names that the two products have for it.
_HOSTS = ("DNS Name", "NetBIOS Name", "IP Address", "Host")
_TITLES = ("Plugin Name", "Name")
_SEVERITIES = ("Severity", "Risk")


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each row; rows without a CVE are no findings."""
    rows = csv.DictReader((f"{line}\n" for _number, line in feed.lines()), strict=True)
    try:
        columns = set(rows.fieldnames or ())
        if "CVE" not in columns or not columns & set(_HOSTS):
            raise FeedError(feed.name, "line 1", "has no columns CVE and Host; this is no export of Nessus")
        for row in rows:
            yield from _findings(Checked(row, feed.name, f"line {rows.line_num}"))
    except csv.Error as error:
        raise FeedError(feed.name, f"line {rows.line_num}", f"not valid CSV: {error}") from error


def _findings(row: Checked) -> Iterator[ScannerFinding]:
    hosts = tuple(dict.fromkeys(name for column in _HOSTS if (name := row.text(column, "").strip().lower())))
    for cve in cves_in(row.text("CVE", "")):
        yield ScannerFinding(
            scanner="nessus",
            hosts=hosts,
            cve=cve,
            severity=severity(_first(row, _SEVERITIES)),
            title=_first(row, _TITLES),
        )


def _first(row: Checked, columns: tuple[str, ...]) -> str:
    return next((text for column in columns if (text := row.short(column))), "")
