# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates did not stay, told by the newest runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.failures import failures_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document

_CHANGING = ("patch", "rollback")
_NEWEST = 100


def failed_updates(documents: Path) -> dict[str, frozenset[str]]:
    """The packages whose update failed on a host or was taken back in the newest run that touched it.

    Looks at the hundred newest reports of ``documents``; one that can't be read says nothing.
    """
    failed: dict[str, frozenset[str]] = {}
    settled: set[str] = set()
    for report in _newest_first(documents):
        told = failures_of(report)
        for row in report["hosts"]:
            if row.get("touched") and row["host"] not in settled:
                settled.add(row["host"])
                failed[row["host"]] = told.get(row["host"], frozenset())
    return failed


def _newest_first(documents: Path) -> Iterator[dict[str, Any]]:
    reports = []
    # Names of runs begin with their time.
    for path in sorted(documents.glob("runs/*/report.json"), reverse=True)[:_NEWEST]:
        try:
            report = read_document(json.loads(path.read_bytes()), "patchops.report", str(path))
        except (OSError, ValueError, DocumentError):
            continue
        if report.get("playbook") in _CHANGING and not report.get("check_mode"):
            reports.append(report)
    yield from sorted(reports, key=lambda report: str(report.get("started_at")), reverse=True)
