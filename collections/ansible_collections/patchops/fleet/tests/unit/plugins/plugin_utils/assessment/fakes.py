# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small stand-ins for the matcher and the advisory database, and the documents that they speak about."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import host_facts

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=timezone.utc)

FINDING: dict[str, Any] = {
    "host": "set by the fleet",
    "advisory": "DSA-1-1",
    "cves": ["CVE-2026-1000"],
    "package": "openssl",
    "binaries": [{"name": "libssl3", "arch": "amd64", "version": "3.0.1"}],
    "installed": "3.0.1",
    "fixed": "3.0.2",
    "state": "missing",
    "no_fix": None,
    "effective": None,
    "fix_available": True,
    "candidate": "3.0.2",
    "severity": "high",
    "type": "security",
    "title": "openssl",
    "issued": "2026-06-01",
    "url": None,
    "source": "debian-dsa",
    "kev": None,
    "in_kev": False,
    "epss": None,
    "ssvc": None,
    "cvss": None,
    "due": None,
    "reasons": [{"code": "older_than_fix", "message": "3.0.1 is older than 3.0.2"}],
}
UPDATE: dict[str, Any] = {
    "name": "libssl3",
    "arch": "amd64",
    "installed": "3.0.1",
    "candidate": "3.0.2",
    "origin": "Debian",
    "suite": "stable-security",
    "security": True,
    "source": "openssl",
    "sha256": "ab" * 32,
    "size": 1000,
}
HOST: dict[str, Any] = {
    "kind": "patchops.host",
    "os": {"id": "debian", "version_id": "12", "arch": "amd64"},
    "package_manager": {"name": "apt"},
    "updates": [UPDATE],
}


class FakeMatcher:
    """Gives every host the same findings."""

    def __init__(
        self,
        *findings: Mapping[str, Any],
        complete: bool = True,
        uncovered: tuple[tuple[str, str], ...] = (),
        reasons: tuple[dict[str, str], ...] = (),
    ) -> None:
        """uncovered: package and origin of what no feed judges."""
        self._findings = findings
        self._complete = complete
        self._uncovered = [{"package": package, "origin": origin} for package, origin in uncovered]
        self._reasons = reasons

    def assess(self, host_document: Mapping[str, Any], include_installed: bool = False) -> dict[str, Any]:
        return {
            "kind": "patchops.findings",
            "schema": 1,
            "engine_version": "0.1.0",
            "run_id": None,
            "host": None,
            "created_at": "2026-06-15T12:00:00Z",
            "release": "debian:bookworm",
            "coverage": {
                "complete": self._complete,
                "reasons": list(self._reasons),
                "uncovered": self._uncovered,
                "packages": 3,
                "judged": 3 - len(self._uncovered),
                "judges": [],
            },
            "feeds": [{"name": "debian-dsa", "kind": "debian-dsa", "imported_at": "2026-06-15T00:00:00Z"}],
            "findings": copy.deepcopy(list(self._findings)),
            "updates_explained": [],
        }


class FakeDatabase:
    """Knows the KEV entries and SSVC points that it was given."""

    def __init__(
        self,
        kev: Mapping[str, tuple[str, str]] | None = None,
        ssvc: tuple[str, str] | None = ("no", "partial"),
        kev_as_of: str | None = "2026-06-14",
    ) -> None:
        self._kev = kev or {}
        self._ssvc = ssvc
        self._kev_as_of = kev_as_of

    def sources(self) -> list[Source]:
        if self._kev_as_of is None:
            return []
        fetched = f"{self._kev_as_of}T12:00:00Z"
        return [Source("kev", "kev", "", fetched, fetched, self._kev_as_of, "", 0, 1)]

    def kev(self, cve: str) -> Any:
        found = self._kev.get(cve)
        return SimpleNamespace(date_added=found[0], due_date=found[1], forensics=None) if found else None

    def ssvc(self, cve: str) -> Any:
        found = self._ssvc
        return SimpleNamespace(automatable=found[0], technical_impact=found[1]) if found else None

    def epss(self, cve: str) -> Any:
        return SimpleNamespace(score=0.25)


def finding(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(FINDING), **changes}


def host(name: str = "web1", **variables: Any) -> HostInput:
    """A scanned, internal host of the group web."""
    return HostInput(host_facts(name, ["web"], {"patchops_exposure": "internal", **variables}), HOST)
