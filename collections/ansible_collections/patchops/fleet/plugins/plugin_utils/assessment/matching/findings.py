# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings as the dictionaries that the document carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Rule, Severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import cves_in, severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import passed_over
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

_EXPLOITATION = ("none", "poc", "active")
_RATINGS: tuple[tuple[float, Severity], ...] = (
    (9.0, "critical"),
    (7.0, "high"),
    (4.0, "medium"),
    (0.1, "low"),
)


class Prototypes:
    """The part of a finding that is the same on every host, made once a rule."""

    def __init__(self, database: AdvisoryDatabase, kev_is_current: bool) -> None:
        self._database = database
        self._kev_is_current = kev_is_current
        self._made: dict[int, dict[str, Any]] = {}
        self._kept: list[Rule] = []
        self._reported: dict[tuple[str, str, str], dict[str, Any]] = {}

    def of(self, rule: Rule) -> dict[str, Any]:
        made = self._made.get(id(rule))
        if made is None:
            # The rule is kept, so that its id stays its own.
            self._kept.append(rule)
            made = self._made[id(rule)] = self._make(rule)
        return made

    def of_reported(
        self, package: str, advisory: Mapping[str, Any], update: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The same for an advisory that a host's own repositories carry: {id, severity, cves}, and its
        update."""
        key = (advisory["id"], package, update["candidate"])
        if key not in self._reported:
            cves = cves_in(*(str(one) for one in advisory.get("cves") or ()))
            self._reported[key] = {
                **_EMPTY,
                **self._facts(cves),
                "advisory": advisory["id"],
                "cves": list(cves),
                "package": package,
                "fixed": update["candidate"],
                "severity": severity(advisory.get("severity") or ""),
                "title": f"{package} - security update {update['candidate']}",
            }
        return self._reported[key]

    def _make(self, rule: Rule) -> dict[str, Any]:
        advisory, affected = rule.advisory, rule.affected
        facts = self._facts(advisory.cves)
        rating = advisory.severity
        if rating == "unknown" and facts["cvss"] is not None:
            rating = next((one for score, one in _RATINGS if facts["cvss"] >= score), "none")
        return {
            "advisory": advisory.name,
            "cves": list(advisory.cves),
            "package": affected.package,
            "fixed": affected.fixed or None,
            "no_fix": {"deferred": "deferred", "affected": "none_yet"}.get(affected.status),
            "severity": rating,
            "type": advisory.type,
            "title": advisory.title,
            "issued": advisory.issued or None,
            "url": advisory.url or None,
            "source": advisory.source,
            **facts,
        }

    def _facts(self, cves: Sequence[str]) -> dict[str, Any]:
        known = self._database
        kevs = [kev for cve in cves if (kev := known.kev(cve))]
        points = [ssvc for cve in cves if (ssvc := known.ssvc(cve))]
        worst = max(
            points,
            key=lambda one: (
                _EXPLOITATION.index(one.exploitation),
                one.automatable == "yes",
                one.technical_impact == "total",
            ),
            default=None,
        )
        first = min(kevs, key=lambda one: one.date_added, default=None)
        return {
            "kev": None if first is None else {**asdict(first), "due_date": first.due_date or None},
            "in_kev": True if first is not None else False if self._kev_is_current and cves else None,
            "epss": max((epss.score for cve in cves if (epss := known.epss(cve))), default=None),
            "ssvc": None if worst is None else asdict(worst),
            "cvss": max((score for cve in cves if (score := known.cvss(cve)) is not None), default=None),
        }


_EMPTY: dict[str, Any] = {
    "advisory": None,
    "cves": [],
    "package": None,
    "fixed": None,
    "no_fix": None,
    "severity": "unknown",
    "type": "security",
    "title": "",
    "issued": None,
    "url": None,
    "source": "repository",
    "kev": None,
    "in_kev": None,
    "epss": None,
    "ssvc": None,
    "cvss": None,
}


def host_row(host: str | None, reasons: list[dict[str, str]]) -> dict[str, Any]:
    """The finding that says of a host as a whole that something can't be known."""
    title = "not everything about this host can be known"
    return {**_EMPTY, "title": title, "source": "patchops", **_of_host(host, "unknown", reasons)}


def without_advisory(package: str, update: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a pending security update that no advisory names."""
    candidate = update["candidate"]
    title = f"{package} - security update {candidate}"
    return {**_EMPTY, "package": package, "fixed": candidate, "title": title}


def pending_update(
    host: str | None,
    prototype: Mapping[str, Any],
    updates: list[Mapping[str, Any]],
    reasons: list[dict[str, str]],
) -> dict[str, Any]:
    """The finding of pending updates (of one package, for each architecture) that the feeds did not give."""
    first = updates[0]
    held = [one for one in updates if one.get("held")]
    blocked = [one for one in updates if one.get("blocked") or (one.get("kept_back") or {}).get("security")]
    kept = [reason("fix_held")] if held else []
    kept += [reason("fix_blocked", passed_over(blocked[0]))] if blocked else []
    return {
        **prototype,
        **_of_host(host, "missing", [*reasons, *kept]),
        "binaries": [binary(one, one.get("installed")) for one in updates],
        "installed": first.get("installed"),
        "fix_available": not kept,
        "candidate": first["candidate"],
    }


def binary(package: Mapping[str, Any], version: str | None = None) -> dict[str, Any]:
    return {
        "name": package["name"],
        "arch": package.get("arch"),
        "version": version or package.get("version"),
    }


def _of_host(host: str | None, state: str, reasons: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "host": host,
        "binaries": [],
        "installed": None,
        "state": state,
        "effective": None,
        "fix_available": None,
        "candidate": None,
        "due": None,
        "reasons": reasons,
    }
