# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV reports of Qualys VMDR: a few lines about the report, then a row for each detection or CVE."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

# The same under the names that the reports of hosts, assets and CVEs have for it.
_HOSTS = ("DNS", "FQDN", "NetBIOS", "Asset Name", "IP", "Asset IPV4", "Asset IPV6")
_CVES = ("CVE", "CVE ID")
_STATUSES = ("Vuln Status", "Status")
# 1 to 5: minimal, medium, serious, critical, urgent.
_SEVERITIES: dict[str, Severity] = {"1": "low", "2": "medium", "3": "high", "4": "critical", "5": "critical"}
_MAX_HEAD = 50


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each row. Rows fixed, disabled or ignored there are resolved."""
    rows = csv.reader((f"{line}\n" for _number, line in feed.lines()), strict=True)
    try:
        columns = _columns(feed, rows)
        for row in rows:
            # What stands behind the table is about the report.
            if len(row) != len(columns):
                if row and cves_in(*row):
                    raise FeedError(
                        feed.name, f"line {rows.line_num}", f"has {len(row)} fields, expected {len(columns)}"
                    )
                continue
            told = dict(zip(columns, row, strict=True))
            yield from _findings(Checked(told, feed.name, f"line {rows.line_num}"))
    except csv.Error as error:
        raise FeedError(feed.name, f"line {rows.line_num}", f"not valid CSV: {error}") from error


def _columns(feed: Feed, rows: Iterator[list[str]]) -> list[str]:
    for number, row in enumerate(rows):
        if number > _MAX_HEAD:
            break
        columns = [column.strip() for column in row]
        if set(columns) & set(_CVES) and set(columns) & set(_HOSTS):
            return columns
    raise FeedError(feed.name, "", "has no columns CVE and Asset Name or IP; this is no report of Qualys")


def _findings(row: Checked) -> Iterator[ScannerFinding]:
    hosts = tuple(dict.fromkeys(name for column in _HOSTS if (name := row.text(column, "").strip().lower())))
    closed = _first(row, _STATUSES).lower() == "fixed" or any(
        row.text(column, "").strip().lower() in ("yes", "1") for column in ("Disabled", "Ignored")
    )
    for cve in cves_in(_first(row, _CVES)):
        yield ScannerFinding(
            scanner="qualys",
            hosts=hosts,
            cve=cve,
            severity=_SEVERITIES.get(row.text("Severity", "").strip(), "unknown"),
            title=_first(row, ("Title",)),
            resolved=closed,
        )


def _first(row: Checked, columns: tuple[str, ...]) -> str:
    return next((text for column in columns if (text := row.short(column))), "")
