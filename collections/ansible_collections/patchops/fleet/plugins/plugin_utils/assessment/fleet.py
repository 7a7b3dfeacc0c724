# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess hosts as one fleet: match, decide what is approved and accepted, give due dates, rank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_dates import DueDates
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import FindingKey, Memory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.elsewhere import (
    accept_uncovered,
    elsewhere_notices,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet_document import (
    approved_packages,
    approved_versions,
    fleet_document,
    host_row,
    unscanned_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import currency_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import HostFacts
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.pending_updates import (
    PendingUpdates,
    platform_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.vulnerabilities import (
    CveSource,
    Vulnerabilities,
    day,
    known_severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.decide import decide, newest
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import Decision
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.patch_set import patch_set
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Promise
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.ranking import (
    Position,
    group,
    rank_key,
    why,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.apply import (
    ACCEPTABLE,
    Acceptance,
    accept,
    notices,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Target

MALFORMED: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
"""What reading a host document raises that is not what it should be."""


class HostMatcher(Protocol):
    """The part of assessment.matching.Matcher that is used here."""

    def assess(self, host_document: Mapping[str, Any], include_installed: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True)
class HostInput:
    """One host of the inventory with its document; without one the host can't be known."""

    facts: HostFacts
    document: Mapping[str, Any] | None
    why_missing: str = "it was never scanned"


@dataclass(frozen=True)
class _Seen:
    """What stays of a host when its document, which is large, is let go."""

    facts: HostFacts
    platform: str | None
    updates: Sequence[Mapping[str, Any]]
    findings: dict[str, Any]


@dataclass(frozen=True)
class Assessment:
    """What an assessment found."""

    document: dict[str, Any]
    """The fleet's findings document, ranked."""
    host_documents: dict[HostKey, dict[str, Any]]
    """One findings document a host."""
    patch_set: dict[str, Any]
    """What the baseline approves; the ``patch_set`` of ``patchops.fleet.transaction``."""


def unusable(error: Exception) -> str:
    """Return why a host is unknown whose document raised one of MALFORMED; it can hold the host's words."""
    return f"its document can't be used ({type(error).__name__}: {plain(error, 200)})"


class FleetAssessor:
    """Assesses fleets against one database and one policy on one day."""

    def __init__(
        self,
        matcher: HostMatcher,
        database: CveSource,
        policy: Policy,
        now: datetime,
        ledger: Memory | None = None,
        failed: Mapping[HostKey, frozenset[str]] | None = None,
    ) -> None:
        """``now`` is UTC. ``failed``: packages whose last update failed or was taken back, by host."""
        self._matcher = matcher
        self._policy = policy
        self._created_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._today = now.date()
        self._ledger = ledger
        self._failed = failed or {}
        self._vulnerabilities = Vulnerabilities(database, now)
        self._due_dates = DueDates(policy, self._vulnerabilities, self._today)
        self._acceptances: list[Acceptance] = []
        self._used_elsewhere: set[str] = set()

    def assess(
        self, hosts: Iterable[HostInput], run_id: str | None = None, include_installed: bool = False
    ) -> Assessment:
        """Assess hosts, each document being needed only while it is taken from ``hosts``.

        What is promised and seen for the first time goes into the ledger.
        """
        self._acceptances = []
        self._used_elsewhere = set()
        pending = PendingUpdates()
        seen = [self._look(host, pending, include_installed) for host in hosts]
        decisions = self._decide_updates(pending)
        rejected = _rejected(decisions)
        for host in seen:
            self._judge(host, rejected)
        findings = self._rank(seen)
        for host in seen:
            host.findings["run_id"] = run_id
            host.findings["findings"].sort(key=lambda finding: finding["rank"])
        approved = patch_set(decisions, self._created_at)
        versions = approved_versions(decisions)
        document = fleet_document(
            [
                host_row(host.facts, host.findings, approved_packages(host.platform, host.updates, versions))
                for host in seen
            ],
            [host.findings for host in seen],
            findings,
            decisions,
        )
        attention = [
            *notices(self._policy.waivers, self._acceptances, self._today),
            *elsewhere_notices(self._policy.elsewhere, self._used_elsewhere, self._today),
        ]
        document.update(
            run_id=run_id,
            created_at=self._created_at,
            policy=self._policy.source,
            intelligence=currency_document(self._vulnerabilities.currencies),
            waiver_notices=[asdict(notice) for notice in attention],
            patch_set_id=approved["id"],
        )
        return Assessment(document, {host.facts.key: host.findings for host in seen}, approved)

    def _look(self, host: HostInput, pending: PendingUpdates, include_installed: bool) -> _Seen:
        if host.document is None:
            return self._unknown(host, host.why_missing)
        try:
            found = self._matcher.assess(host.document, include_installed=include_installed)
            platform = platform_of(host.document)
            updates = pending.add(host.document, found["findings"])
        except MALFORMED as error:
            # A document comes from its host: one that is not what it should be must not hide the others.
            return self._unknown(host, unusable(error))
        names = (host.facts.name, *host.facts.groups)
        self._used_elsewhere |= accept_uncovered(found, names, self._policy.elsewhere, self._today)
        for finding in found["findings"]:
            finding["host"], finding["inventory"] = host.facts.name, host.facts.inventory
        told = {**found, "host": host.facts.name, "inventory": host.facts.inventory}
        return _Seen(host.facts, platform, updates, told)

    def _unknown(self, host: HostInput, why_unknown: str) -> _Seen:
        document = unscanned_document(host.facts.key, why_unknown, self._created_at)
        return _Seen(host.facts, None, (), document)

    def _decide_updates(self, pending: PendingUpdates) -> list[Decision]:
        updates, sightings = pending.updates(self._ledger, self._today)
        if self._ledger is not None:
            self._ledger.record_sightings(sightings)
        return newest(decide(self._policy.baseline, updates, self._today), pending.newer)

    def _judge(self, host: _Seen, rejected: Mapping[tuple[str, str], str]) -> None:
        """Set state, due date and reasons of each finding of a host, and remember what was promised."""
        key_of_host = host.facts.key
        situation = self._due_dates.situation(host.facts)
        known = self._ledger.promises(key_of_host) if self._ledger is not None else {}
        promises: dict[FindingKey, Promise] = {}
        for finding in host.findings["findings"]:
            finding.update(due=None, overdue_days=0, urgency=None)
            if finding["package"] is None or _closed(finding):
                continue
            _refuse(finding, host.platform, rejected)
            self._fail(finding, key_of_host)
            target = _target(finding, host.facts, host.findings)
            self._accept(finding, target)
            key, former = _keys(finding)
            given = self._due_dates.give(finding, situation, target, known.get(key) or known.get(former))
            finding["due"] = given.document["due"]
            finding["overdue_days"] = given.due.overdue_days(self._today)
            finding["urgency"] = given.document
            _explain(finding, given.reason)
            if given.promise is not None:
                promises[key] = given.promise
        if self._ledger is not None and promises:
            self._ledger.record_promises(key_of_host, promises)

    def _fail(self, finding: dict[str, Any], host: HostKey) -> None:
        # Reports of versions up to 0.1 don't say their inventory.
        failed = self._failed.get(host, self._failed.get(HostKey("", host.name)))
        if not failed:
            return
        names = {finding["package"], *(binary["name"] for binary in finding.get("binaries") or [])}
        if finding["state"] == "missing" and names & failed:
            finding["state"] = "failed"
            _explain(finding, reason("update_failed"))

    def _accept(self, finding: dict[str, Any], target: Target) -> None:
        if not self._policy.waivers or finding["state"] not in ACCEPTABLE:
            return
        acceptance = accept(target, self._policy.waivers, self._today)
        if acceptance.used:
            self._acceptances.append(acceptance)
        _explain(finding, *({"code": "accepted", "message": text} for text in acceptance.reasons()))
        if acceptance.state is not None:
            finding["state"] = acceptance.state
            finding["waivers"] = [waiver.id for waiver in acceptance.used]

    def _rank(self, hosts: Sequence[_Seen]) -> list[dict[str, Any]]:
        placed = [
            (_position(finding, host.facts), finding)
            for host in hosts
            for finding in host.findings["findings"]
        ]
        placed.sort(key=lambda pair: rank_key(pair[0], self._today))
        for number, (position, finding) in enumerate(placed, start=1):
            finding["rank"] = number
            finding["urgency_group"] = group(position, self._today)
            finding["rank_reason"] = why(position, self._today)
        return [finding for _position_of, finding in placed]


def _rejected(decisions: Iterable[Decision]) -> dict[tuple[str, str], str]:
    return {
        (decision.update.platform, decision.update.name): decision.reason
        for decision in decisions
        if decision.verdict == "rejected"
    }


def _refuse(finding: dict[str, Any], platform: str | None, rejected: Mapping[tuple[str, str], str]) -> None:
    if not rejected or finding["state"] != "missing" or platform is None:
        return
    for name in [*(binary["name"] for binary in finding.get("binaries") or []), finding["package"]]:
        why_rejected = rejected.get((platform, name))
        if why_rejected is not None:
            finding["state"] = "rejected"
            _explain(finding, reason("update_rejected", why_rejected))
            return


def _explain(finding: dict[str, Any], *reasons: dict[str, str]) -> None:
    """Add reasons. The list is made anew: findings of several hosts may share one."""
    finding["reasons"] = [*finding["reasons"], *reasons]


def _keys(finding: Mapping[str, Any]) -> tuple[FindingKey, FindingKey]:
    """Under what the ledger knows a finding, and under what it knew it before a feed named its advisory.

    An update without an advisory is known by its version: the next one is another finding.
    """
    nameless = (f"={finding['fixed']}", finding["package"])
    return ((finding["advisory"], finding["package"]) if finding["advisory"] else nameless), nameless


def _closed(finding: Mapping[str, Any]) -> bool:
    return finding["state"] == "installed" and finding.get("effective") == "yes"


def _target(finding: Mapping[str, Any], host: HostFacts, findings: Mapping[str, Any]) -> Target:
    binaries = finding.get("binaries") or []
    versions = {finding.get("installed"), *(binary.get("version") for binary in binaries)}
    return Target(
        host.name,
        host.groups,
        frozenset({finding["package"], *(binary["name"] for binary in binaries)}),
        finding["advisory"] or "",
        tuple(finding["cves"]),
        str(findings.get("release") or ""),
        frozenset(str(version) for version in versions if version),
    )


def _position(finding: Mapping[str, Any], host: HostFacts) -> Position:
    due: date | None = day(finding["due"])
    return Position(
        state=finding["state"],
        effective=finding.get("effective") or "no",
        due=due,
        exploited=finding.get("kev") is not None,
        exposed=host.context.counts_as_exposed,
        criticality=host.context.criticality,
        severity=known_severity(finding.get("severity")),
        epss=finding.get("epss"),
        host=finding["host"],
        package=finding["package"] or "",
        advisory=finding["advisory"] or "",
    )
