# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings as CSV, for spreadsheets and other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS = (
    "rank",
    "urgency_group",
    "host",
    "state",
    "effective",
    "advisory",
    "cves",
    "package",
    "installed",
    "fixed",
    "candidate",
    "severity",
    "kev",
    "due",
    "overdue_days",
    "rule",
    "clock_start",
    "reasons",
    "inventory",
)


def findings_csv(findings: Iterable[Mapping[str, Any]]) -> str:
    """One line a finding, with a header; lists are joined with blanks, reasons with semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        row = _row(finding)
        writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    return out.getvalue()


def _row(finding: Mapping[str, Any]) -> dict[str, Any]:
    urgency = finding.get("urgency") or {}
    kev = finding.get("kev")
    return {
        **finding,
        "cves": " ".join(finding["cves"]),
        "kev": kev["cve"] if kev else None,
        "rule": urgency.get("rule"),
        "clock_start": urgency.get("clock_start"),
        "reasons": "; ".join(reason["message"] for reason in finding["reasons"]),
    }


def _cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula: it may come from a host."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
