# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wazuh's vulnerability states (4.8 and newer), as its indexer answers a search for them."""

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
    """A finding for each CVE of each package of each agent."""
    found = _hits(feed).objects("hits")
    for hit in found:
        state = hit.object("_source")
        vulnerability, package = state.object("vulnerability"), state.object("package")
        cve = vulnerability.text("id").upper()
        if is_cve(cve):
            agent = state.object("agent").text("name", "")
            hostname = state.object("host").text("hostname", "")
            yield ScannerFinding(
                scanner="wazuh",
                hosts=tuple(dict.fromkeys(name.lower() for name in (agent, hostname) if name)),
                cve=cve,
                package=package.text("name"),
                installed=package.text("version", ""),
                severity=severity(vulnerability.text("severity", "")),
                title=vulnerability.short("description"),
            )


def shortfall(feed: Feed) -> str:
    """Why the file is only a page of what the search found, "" where it has all."""
    hits = _hits(feed)
    if not isinstance(hits.value.get("total"), dict):
        return ""
    total, found = hits.object("total"), len(hits.items("hits"))
    number, more = int(total.number("value")), total.text("relation", "eq") != "eq"
    if found >= number and not more:
        return ""
    return f"has {found} of the {'at least ' if more else ''}{number} findings of the search; export all"


def _hits(feed: Feed) -> Checked:
    report = Checked(feed.document(), feed.name, "")
    if not isinstance(report.value.get("hits"), dict):
        raise FeedError(feed.name, "hits", "is missing; this is no answer of Wazuh's indexer")
    return report.object("hits")
