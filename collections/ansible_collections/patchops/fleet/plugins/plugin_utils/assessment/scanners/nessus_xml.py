# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nessus' own format (.nessus, NessusClientData_v2): hosts, and items of plugins with their CVEs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream import elements
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

_NAMES = ("host-fqdn", "hostname", "netbios-name", "host-ip")
_SEVERITIES: dict[str, Severity] = {"0": "none", "1": "low", "2": "medium", "3": "high", "4": "critical"}


def read(feed: Feed) -> Iterator[ScannerFinding]:
    """A finding for each CVE of each item of each host; plugins without a CVE are no findings."""
    hosts = 0
    for host in elements(feed, "ReportHost"):
        hosts += 1
        told = {tag.get("name", ""): tag.text or "" for tag in host.iterfind("HostProperties/tag")}
        names = (host.get("name", ""), *(told.get(name, "") for name in _NAMES))
        yield from _findings(host, tuple(dict.fromkeys(one.strip().lower() for one in names if one.strip())))
    if not hosts:
        raise FeedError(feed.name, "", "has no ReportHost; this is no .nessus file, or one of no host")


def _findings(host: ET.Element, names: tuple[str, ...]) -> Iterator[ScannerFinding]:
    for item in host.iterfind("ReportItem"):
        for cve in cves_in(*(one.text or "" for one in item.iterfind("cve"))):
            yield ScannerFinding(
                scanner="nessus",
                hosts=names,
                cve=cve,
                severity=_SEVERITIES.get(item.get("severity", ""), "unknown"),
                title=" ".join(item.get("pluginName", "").split())[:1000],
            )
