# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trivy's JSON reports (schema version 2), and the list of results that older versions wrote."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    is_cve,
    severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

_RESOLVED = {"not_affected"}


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each package; other names of vulnerabilities are left out."""
    content = feed.document()
    report = Checked({"Results": content} if isinstance(content, list) else content, feed.name, "")
    if "Results" not in report.value:
        raise FeedError(feed.name, "Results", "is missing; this is no report of Trivy")
    artifact = report.text("ArtifactName", "")
    for result in report.objects("Results"):
        host = artifact or result.text("Target", "").partition(" (")[0]
        for found in result.objects("Vulnerabilities"):
            cve = found.text("VulnerabilityID").upper()
            if is_cve(cve):
                yield ScannerFinding(
                    scanner="trivy",
                    hosts=(host,),
                    cve=cve,
                    package=found.text("PkgName"),
                    installed=found.text("InstalledVersion", ""),
                    fixed=found.text("FixedVersion", ""),
                    severity=severity(found.text("Severity", "")),
                    title=found.short("Title"),
                    resolved=found.text("Status", "") in _RESOLVED,
                )
