# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates did not stay, told by the newest runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.failures import failures_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import shaped
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore
from patchops.store.documents import Owner

_CHANGING = ("patch", "rollback")
_NEWEST = 100


def failed_updates(documents: DirectoryStore, owner: Owner) -> dict[HostKey, frozenset[str]]:
    """The packages whose update failed on a host or was taken back in the newest run that touched it.

    Looks at the hundred newest reports of ``documents``; one that can't be read says nothing. ``owner`` tells
    the inventory of a run whose report doesn't.
    """
    failed: dict[HostKey, frozenset[str]] = {}
    for report in _newest_first(documents):
        inventory = report.get("inventory") or owner(str(report.get("run_id"))) or ""
        try:
            told = failures_of(report, inventory)
            touched = [HostKey(inventory, row["host"]) for row in report["hosts"] if row.get("touched")]
        except (AttributeError, KeyError, TypeError):
            continue  # null or nothing stands where a report says something
        for host in touched:
            failed.setdefault(host, told.get(host, frozenset()))
    return failed


def _newest_first(documents: DirectoryStore) -> Iterator[dict[str, Any]]:
    reports = []
    for path in documents.newest_reports(_NEWEST):
        try:
            report = read_document(path.read_bytes(), "patchops.report", str(path))
            shaped(report, "patchops.report", str(path), whole=False)
        except (OSError, DocumentError):
            continue
        if report.get("playbook") in _CHANGING and not report.get("check_mode"):
            reports.append(report)
    yield from sorted(reports, key=lambda report: str(report.get("started_at")), reverse=True)
