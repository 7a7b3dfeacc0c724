# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a document in a file, asked as those in the database are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of, labels
from patchops.store.findings_filter import Found, Wanted, fits


class Assessed(Protocol):
    """An assessment that can be asked."""

    def ask(self, wanted: Wanted, most: int | None = None) -> Found:
        """The findings that fit, the most urgent first. `most`: how many of them to return."""

    def hosts(self) -> Sequence[HostKey]:
        """The hosts that were assessed."""

    def head(self) -> dict[str, Any] | None:
        """The document without hosts and findings."""

    def document(self) -> dict[str, Any] | None:
        """The document without findings."""


class FindingsFile:
    """A findings document, of a fleet or of one host."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def ask(self, wanted: Wanted, most: int | None = None) -> Found:
        rows = self._document["findings"]
        found = [dict(row) for row in rows if _fits(row, wanted)]
        return Found(found[:most], len(found), labels(map(key_of, rows)))

    def hosts(self) -> list[HostKey]:
        return list(map(key_of, self._document.get("hosts") or [self._document]))

    def head(self) -> dict[str, Any]:
        """The document with the total of its findings, which that of one host doesn't have."""
        return {"totals": {"findings": len(self._document["findings"])}, **self._document}

    def document(self) -> dict[str, Any]:
        return dict(self._document)


def _fits(row: Mapping[str, Any], wanted: Wanted) -> bool:
    cves = {name.upper() for name in wanted.cves}
    return (
        fits(wanted.hosts, row["host"], key_of(row).label)
        and (not cves or not cves.isdisjoint(row["cves"]))
        and fits(wanted.advisories, row["advisory"])
        and fits(wanted.packages, row["package"], *(one["name"] for one in row.get("binaries") or []))
        and (not wanted.states or row["state"] in wanted.states)
        and (wanted.due_before is None or (row["due"] is not None and row["due"] < wanted.due_before))
        and (not wanted.overdue or row["overdue_days"] > 0)
        and (not wanted.exploited or row.get("kev") is not None)
    )
