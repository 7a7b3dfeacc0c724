# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML reports of OpenVAS and Greenbone: results of network tests, with the CVEs that they test for."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import cves_in, severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream import elements
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

# What a person in Greenbone marked a result as.
_RESOLVED = {"false positive"}


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each result."""
    results = 0
    for result in elements(feed, "result"):
        if result.find("nvt") is None:
            continue
        results += 1
        yield from _findings(result)
    if not results:
        raise FeedError(
            feed.name, "", "has no result with an nvt; this is no report of OpenVAS, or an empty one"
        )


def _findings(result: ET.Element) -> Iterator[ScannerFinding]:
    host = result.find("host")
    names = ((host.text or ""), host.findtext("hostname") or "") if host is not None else ()
    threat = (result.findtext("threat") or "").strip().lower()
    for cve in cves_in(*_references(result)):
        yield ScannerFinding(
            scanner="openvas",
            hosts=tuple(dict.fromkeys(name for one in names if (name := one.strip().lower()))),
            cve=cve,
            severity=severity(threat),
            title=" ".join((result.findtext("name") or "").split())[:1000],
            resolved=threat in _RESOLVED,
        )


def _references(result: ET.Element) -> Iterator[str]:
    """Where versions of the format name CVEs: refs, cve, and results of Greenbone's own CVE scanner."""
    for reference in result.iterfind("nvt/refs/ref"):
        yield reference.get("id", "")
    yield result.findtext("nvt/cve") or ""
    for nvt in result.iterfind("nvt"):
        yield nvt.get("oid", "")
