# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings document of a fleet. Its denominator is every host of the inventory, unknown ones included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.elsewhere import uncovered_by_origin
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import HostFacts
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.findings import (
    host_row as unknown_row,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import Decision
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.patch_set import is_member
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import SCHEMAS
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey

KIND: Final = "patchops.findings"
STATUSES: Final = ("compliant", "compliant_as_judged", "accepted", "not_compliant", "unknown")
_ACCEPTED: Final = frozenset({"waived", "mitigated"})


def fleet_document(
    rows: Sequence[Mapping[str, Any]],
    documents: Iterable[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]],
    decisions: Sequence[Decision],
) -> dict[str, Any]:
    """The document of a fleet: ``rows`` are host_row() of each host, ``documents`` its findings documents."""
    documents = list(documents)
    feeds = {feed["name"]: feed for document in documents for feed in document["feeds"]}
    return {
        "kind": KIND,
        "schema": SCHEMAS[KIND],
        "engine_version": ENGINE_VERSION,
        "host": None,
        "totals": totals(rows, findings),
        "hosts": rows,
        "feeds": [feeds[name] for name in sorted(feeds)],
        "uncovered": uncovered_by_origin(documents),
        "findings": findings,
        "updates": [_update_row(decision) for decision in decisions],
    }


def unscanned_document(host: HostKey, why: str, created_at: str) -> dict[str, Any]:
    """The findings document of a host without a host document: all that is known is that nothing is."""
    not_scanned = reason("not_scanned", f"{why}; scan it")
    return {
        "kind": KIND,
        "schema": SCHEMAS[KIND],
        "engine_version": ENGINE_VERSION,
        "run_id": None,
        "host": host.name,
        "inventory": host.inventory,
        "created_at": created_at,
        "release": None,
        "coverage": {
            "complete": False,
            "reasons": [not_scanned],
            "uncovered": [],
            "packages": 0,
            "judged": 0,
            "judges": [],
            "accepted": 0,
        },
        "feeds": [],
        "findings": [{**unknown_row(host.name, [not_scanned]), "inventory": host.inventory}],
        "updates_explained": [],
    }


def approved_versions(decisions: Iterable[Decision]) -> dict[str, set[tuple[str, str, str]]]:
    """The approved (name, arch, version) of each platform."""
    approved: dict[str, set[tuple[str, str, str]]] = {}
    for decision in decisions:
        if decision.verdict == "approved":
            platform, *version = decision.update.key
            approved.setdefault(platform, set()).add((version[0], version[1], version[2]))
    return approved


def approved_packages(
    platform: str | None,
    updates: Iterable[Mapping[str, Any]],
    approved: Mapping[str, set[tuple[str, str, str]]],
) -> list[str]:
    """The approved ones of a host's own pending updates, as ``name=version``: ``packages`` of a transaction.

    A patch set can't bring in packages that are new to a host, such as a kernel's; this list can, for the
    first ring, and what that proves is sealed.
    """
    versions = approved.get(platform or "", set())
    return sorted(
        f"{update['name']}={update['candidate']}"
        for update in updates
        if (update["name"], update["arch"], update["candidate"]) in versions and not update.get("held")
    )


def host_row(host: HostFacts, document: Mapping[str, Any], approved: Sequence[str]) -> dict[str, Any]:
    """One host in a fleet's document: status, coverage, counts by state, approved updates."""
    findings = document["findings"]
    return {
        "host": host.name,
        "inventory": host.inventory,
        "status": status(document),
        "release": document.get("release"),
        "exposed": host.context.exposed,
        "criticality": host.context.criticality,
        "coverage": document["coverage"],
        "states": dict(sorted(Counter(finding["state"] for finding in findings).items())),
        "overdue": sum(1 for finding in findings if _overdue(finding)),
        **_exploited(findings),
        "approved": list(approved),
    }


def status(document: Mapping[str, Any]) -> str:
    """Where a host stands.

    ``compliant``: nothing is open, everything could be known, and each package is judged by a feed or, by
    the policy, elsewhere. ``compliant_as_judged``: the same but for packages that nobody judges.
    ``accepted``: what is open is accepted by somebody. ``unknown``: nothing is known to be open, but not
    everything could be known.
    """
    findings = document["findings"]
    if any(_open(finding) and finding["state"] != "unknown" for finding in findings):
        return "not_compliant"
    if not document["coverage"]["complete"] or any(finding["state"] == "unknown" for finding in findings):
        return "unknown"
    if any(finding["state"] in _ACCEPTED for finding in findings):
        return "accepted"
    return "compliant_as_judged" if is_unjudged(document["coverage"]) else "compliant"


def is_unjudged(coverage: Mapping[str, Any]) -> bool:
    """Whether there is a package that no feed judges and that nobody judges elsewhere."""
    return any(row.get("accepted") is None for row in coverage["uncovered"])


def totals(rows: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hosts by status and findings by state, over the fleet."""
    statuses = Counter(row["status"] for row in rows)
    return {
        "hosts": len(rows),
        **{name: statuses.get(name, 0) for name in STATUSES},
        # Not compliant for certain, but there may be more: such hosts are in both counts.
        "not_fully_known": sum(1 for row in rows if not row["coverage"]["complete"]),
        # Hosts with packages that neither a feed nor, by the policy, somebody else judges.
        "not_fully_judged": sum(1 for row in rows if is_unjudged(row["coverage"])),
        "findings": len(findings),
        "states": dict(sorted(Counter(finding["state"] for finding in findings).items())),
        "overdue": sum(1 for finding in findings if _overdue(finding)),
        **_exploited(findings),
    }


def _exploited(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Open findings that CISA lists as exploited, and those of which that can't be known."""
    listed = [
        finding.get("kev") is not None or finding.get("in_kev")
        for finding in findings
        if finding["cves"] and _open(finding)
    ]
    return {"exploited": listed.count(True), "exploited_unknown": listed.count(None)}


def _open(finding: Mapping[str, Any]) -> bool:
    """Not closed and not accepted. An installed fix that is not known to be in effect is open."""
    if finding["state"] == "installed":
        return finding.get("effective") != "yes"
    return finding["state"] not in _ACCEPTED


def _overdue(finding: Mapping[str, Any]) -> bool:
    return finding["overdue_days"] > 0 and _open(finding)


def _update_row(decision: Decision) -> dict[str, Any]:
    update = decision.update
    return {
        "platform": update.platform,
        "name": update.name,
        "arch": update.arch,
        "version": update.version,
        "classification": update.classification,
        "severity": update.severity,
        "first_seen": update.first_seen.isoformat(),
        "verdict": decision.verdict,
        "reason": decision.reason,
        "in_patch_set": is_member(decision),
        "approved_on": decision.approved_on.isoformat() if decision.approved_on else None,
    }
