# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scanner's findings beside ours: where both agree, where they don't, and why we say what we say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

_OPEN = {"missing", "no_fix", "unknown"}


def join(
    matcher: Matcher, host_document: Mapping[str, Any], found: Iterable[ScannerFinding]
) -> list[dict[str, Any]]:
    """One row for each CVE that a scanner or we hold against the host, sorted by CVE.

    {cve, agreement: both | scanner_only | ours_only, scanners: [name], packages: [name], state, effective,
    reasons}. state and reasons are ours: for scanner_only they say why we don't count it (a fix was
    backported, only an old kernel that does not run is vulnerable, no installed package is concerned), or
    that we can't know. found: the findings on this host; see of_host.
    """
    seen: dict[str, list[ScannerFinding]] = {}
    for one in found:
        if not one.resolved:
            seen.setdefault(one.cve, []).append(one)
    assessed = matcher.assess(host_document)
    ours = {cve for one in assessed["findings"] if one["state"] in _OPEN for cve in one["cves"]}
    return [
        _row(matcher, host_document, cve, seen.get(cve, []), cve in ours) for cve in sorted(ours | set(seen))
    ]


def of_host(found: Iterable[ScannerFinding], *names: str) -> list[ScannerFinding]:
    """The findings whose host has one of these names or addresses, whatever the case."""
    wanted = {name.lower() for name in names}
    return [one for one in found if wanted & {host.lower() for host in one.hosts}]


def _row(
    matcher: Matcher, host_document: Mapping[str, Any], cve: str, seen: list[ScannerFinding], ours: bool
) -> dict[str, Any]:
    verdict = matcher.verdict(host_document, cve)
    packages = {one.package for one in seen} | {str(one["package"]) for one in verdict["findings"]}
    return {
        "cve": cve,
        "agreement": ("both" if seen else "ours_only") if ours else "scanner_only",
        "scanners": sorted({one.scanner for one in seen}),
        "packages": sorted(packages - {""}),
        "state": verdict["state"],
        "effective": verdict["effective"],
        "reasons": verdict["reasons"],
    }
