# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of an assessment. The denominator is every host of the inventory, unknown ones included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import HostFacts

STATUSES: Final = ("compliant", "accepted", "not_compliant", "unknown")
_ACCEPTED: Final = frozenset({"waived", "mitigated"})


def host_row(host: HostFacts, document: Mapping[str, Any]) -> dict[str, Any]:
    """One host in a fleet's document: status, coverage, counts by state."""
    findings = document["findings"]
    return {
        "host": host.name,
        "status": status(document),
        "release": document.get("release"),
        "exposed": host.context.exposed,
        "criticality": host.context.criticality,
        "coverage": document["coverage"],
        "states": dict(sorted(Counter(finding["state"] for finding in findings).items())),
        "overdue": sum(1 for finding in findings if _overdue(finding)),
        "exploited": sum(1 for finding in findings if _open(finding) and finding.get("kev") is not None),
    }


def status(document: Mapping[str, Any]) -> str:
    """Where a host stands.

    ``compliant``: nothing is open and everything could be known. ``accepted``: what is open is accepted by
    somebody. ``unknown``: nothing is known to be open, but not everything could be known.
    """
    findings = document["findings"]
    if any(_open(finding) and finding["state"] != "unknown" for finding in findings):
        return "not_compliant"
    if not document["coverage"]["complete"] or any(finding["state"] == "unknown" for finding in findings):
        return "unknown"
    return "accepted" if any(finding["state"] in _ACCEPTED for finding in findings) else "compliant"


def totals(rows: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hosts by status and findings by state, over the fleet."""
    statuses = Counter(row["status"] for row in rows)
    return {
        "hosts": len(rows),
        **{name: statuses.get(name, 0) for name in STATUSES},
        # Not compliant for certain, but there may be more: such hosts are in both counts.
        "not_fully_known": sum(1 for row in rows if not row["coverage"]["complete"]),
        "findings": len(findings),
        "states": dict(sorted(Counter(finding["state"] for finding in findings).items())),
        "overdue": sum(1 for finding in findings if _overdue(finding)),
        "exploited": sum(1 for finding in findings if _open(finding) and finding.get("kev") is not None),
    }


def _open(finding: Mapping[str, Any]) -> bool:
    """Not closed and not accepted. An installed fix that is not known to be in effect is open."""
    if finding["state"] == "installed":
        return finding.get("effective") != "yes"
    return finding["state"] not in _ACCEPTED


def _overdue(finding: Mapping[str, Any]) -> bool:
    return finding["overdue_days"] > 0 and _open(finding)
