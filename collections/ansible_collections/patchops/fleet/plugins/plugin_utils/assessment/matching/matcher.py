# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess host documents against the advisory database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import release_key, scheme_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.coverage import (
    Freshness,
    gaps,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.effect import RunningCode
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.findings import (
    Prototypes,
    host_row,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.groups import (
    Grouped,
    grouped,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.judging import HostJudge
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import Offers
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.placing import Placer
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.unexplained import explain
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

# What a CVE means for a host is the worst of what its findings say.
_WORST_FIRST = ("missing", "no_fix", "unknown", "installed")
_EFFECTS_WORST_FIRST = ("no", "unknown", "regresses_on_reboot", "yes")


class Matcher:
    """Matches any number of hosts; keep one for many, it remembers what it has compared."""

    def __init__(
        self, database: AdvisoryDatabase, now: datetime | None = None, freshness: Freshness | None = None
    ) -> None:
        self._database = database
        self._now = now or datetime.now(timezone.utc)
        self._freshness = freshness or Freshness()
        self._sources = {source.name: source for source in database.sources()}
        self._releases: dict[str, ReleaseRules] = {}
        self._placers: dict[str, Placer] = {}
        self._prototypes = Prototypes(database)

    def assess(self, host_document: Mapping[str, Any], include_installed: bool = False) -> dict[str, Any]:
        """The patchops.findings document of a host. include_installed: list every installed fix too."""
        return self._assess(host_document, include_installed, None)

    def verdict(self, host_document: Mapping[str, Any], cve: str) -> dict[str, Any]:
        """What one CVE means for a host: {state, effective, findings, reasons}.

        not_affected is said only where the feed names the CVE for the host's release, everything about the
        host could be known, and no installed package is concerned.
        """
        cve = cve.upper()
        release = release_of(host_document)
        concerned = {
            rule.affected.package
            for rule in self._database.affected_by(cve)
            if rule.affected.release == release
        }
        document = self._assess(host_document, True, concerned)
        findings = [one for one in document["findings"] if cve in one["cves"]]
        if findings:
            worst = min(findings, key=lambda one: _WORST_FIRST.index(one["state"]))
            effects = [one["effective"] for one in findings if one["effective"]]
            return {
                "state": worst["state"],
                "effective": min(effects, key=_EFFECTS_WORST_FIRST.index)
                if worst["state"] == "installed"
                else None,
                "findings": findings,
                "reasons": worst["reasons"],
            }
        reasons = list(document["coverage"]["reasons"])
        foreign = [one for one in document["coverage"]["uncovered"] if one["package"] in concerned]
        reasons += [reason("foreign_package", f"{one['package']} of {one['origin']}") for one in foreign]
        if not concerned:
            reasons.append(reason("cve_not_in_feeds", f"{cve}, {release}"))
        state = "unknown" if reasons else "not_affected"
        return {"state": state, "effective": None, "findings": [], "reasons": reasons}

    def _assess(
        self, document: Mapping[str, Any], include_installed: bool, only: set[str] | None
    ) -> dict[str, Any]:
        host, release = document.get("host"), release_of(document)
        rules = self._rules(release) if release else None
        scheme = scheme_of(release) if release else None
        code = RunningCode(document, scheme)
        offers = Offers(document, scheme, rules.key if rules else None)
        findings: list[dict[str, Any]] = []
        found = Grouped([], [], [])
        if rules is not None:
            packages = document.get("packages") or ()
            found = grouped(packages, self._placers[rules.release], only, code.stale, include_installed)
            judge = HostJudge(host, scheme or "", rules, code, offers, self._prototypes, include_installed)
            findings = [finding for group in found.groups for finding in judge.of(group)]
        feeds = [self._sources[name] for name in sorted(rules.sources if rules else ())]
        explained: list[dict[str, Any]] = []
        if only is None:
            explained, unexplained = explain(host, document, offers, findings, feeds)
            findings += unexplained
        missing = gaps(document, release, feeds, self._now, self._freshness)
        if found.nameless:
            missing.append(reason("package_source_unknown", ", ".join(found.nameless[:10])))
        if only is None and (rows := missing + code.gaps()):
            findings.append(host_row(host, rows))
        findings.sort(key=lambda one: (one["package"] or "", one["advisory"] or ""))
        return {
            "kind": "patchops.findings",
            "schema": 1,
            "engine_version": ENGINE_VERSION,
            "run_id": document.get("run_id"),
            "host": host,
            "created_at": self._now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "release": release,
            "coverage": {"complete": not missing, "reasons": missing, "uncovered": found.foreign},
            "feeds": [
                {
                    "name": feed.name,
                    "kind": feed.kind,
                    "imported_at": feed.imported_at,
                    "as_of": feed.as_of,
                    "records": feed.records,
                }
                for feed in feeds
            ],
            "findings": findings,
            "updates_explained": explained,
        }

    def _rules(self, release: str) -> ReleaseRules:
        if release not in self._releases:
            rules = self._releases[release] = ReleaseRules(self._database, release)
            self._placers[release] = Placer(rules, scheme_of(release) or "")
        return self._releases[release]


def release_of(document: Mapping[str, Any]) -> str | None:
    """The release key of a host document, None where the host does not tell."""
    os = document.get("os") or {}
    return release_key(os.get("id") or "", os.get("version_id") or "", os.get("codename") or "")
