# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grype's JSON reports: matches of vulnerabilities and artifacts, with the CVEs behind other names."""

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


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each match; what is known by no CVE is left out."""
    report = Checked(feed.document(), feed.name, "")
    if "matches" not in report.value:
        raise FeedError(feed.name, "matches", "is missing; this is no report of Grype")
    host = _host(report)
    for match in report.objects("matches"):
        vulnerability, artifact = match.object("vulnerability"), match.object("artifact")
        fixed = [one for one in vulnerability.object("fix").items("versions") if isinstance(one, str)]
        names = [vulnerability, *match.objects("relatedVulnerabilities")]
        for cve in dict.fromkeys(one.text("id").upper() for one in names):
            if is_cve(cve):
                yield ScannerFinding(
                    scanner="grype",
                    hosts=(host,),
                    cve=cve,
                    package=artifact.text("name"),
                    installed=artifact.text("version", ""),
                    fixed=", ".join(fixed),
                    severity=severity(vulnerability.text("severity", "")),
                    title=vulnerability.short("description"),
                )


def _host(report: Checked) -> str:
    """The image or folder that was scanned, as the user named it."""
    source = report.object("source")
    target = source.value.get("target")
    if isinstance(target, dict):
        return source.object("target").text("userInput", "")
    return target if isinstance(target, str) else ""
