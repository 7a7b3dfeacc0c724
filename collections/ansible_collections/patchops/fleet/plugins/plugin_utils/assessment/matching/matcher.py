# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess host documents against the advisory database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    LANGUAGES,
    any_release,
    release_key,
    scheme_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import (
    Freshness,
    currencies,
    currency_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.coverage import (
    dated_source,
    feed_gaps,
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
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.judges import (
    Judged,
    Judges,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.judging import HostJudge
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.kernels import is_kernel
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    foreign_origin,
    is_foreign,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import Offers
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.origins import with_origins
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.placing import (
    Placement,
    Placer,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.support import support_status
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.unexplained import explain
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason

# What a CVE means for a host is the worst of what its findings say.
_WORST_FIRST = ("missing", "no_fix", "unknown", "installed")
# What EPEL is built for.
_ENTERPRISE = ("almalinux", "centos", "ol", "rhel", "rocky")
_EFFECTS_WORST_FIRST = ("no", "unknown", "regresses_on_reboot", "yes")


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of a host. only: feed names of packages to restrict it to, None for all."""

    include_installed: bool
    only: frozenset[str] | None = None


class Matcher:
    """Matches any number of hosts; keep one for many, it remembers what it has compared."""

    def __init__(
        self, database: AdvisoryDatabase, now: datetime | None = None, freshness: Freshness | None = None
    ) -> None:
        self._database = database
        self._now = now or datetime.now(timezone.utc)
        self._freshness = freshness or Freshness()
        self._sources = {source.name: source for source in database.sources()}
        self._releases: dict[str, tuple[ReleaseRules, Placer]] = {}
        self._judges: dict[str, Judges] = {}
        self._today = self._now.date().isoformat()
        self._cves: dict[str, frozenset[tuple[str, str]]] = {}
        self._currencies = currencies(self._sources.values(), self._now, self._freshness)
        self._prototypes = Prototypes(database, self._currencies["kev"].status == "current")

    def assess(self, host_document: Mapping[str, Any], include_installed: bool = False) -> dict[str, Any]:
        """The patchops.findings document of a host. include_installed: list every installed fix too."""
        return self._assess(host_document, _Question(include_installed))[0]

    def verdict(self, host_document: Mapping[str, Any], cve: str) -> dict[str, Any]:
        """What one CVE means for a host: {state, effective, findings, reasons}.

        not_affected is said only where the feed names the CVE for the host's release, everything about the
        host could be known, and no installed package is concerned.
        """
        cve = cve.upper()
        release = release_of(host_document)
        releases = {release, self._epel(release), *_by_language(host_document)}
        named = {package for place, package in self._affected_by(cve) if place in releases}
        family = any_release((release or "").partition(":")[0])
        concerned = frozenset(
            package for place, package in self._affected_by(cve) if place in {*releases, family}
        )
        document, code = self._assess(host_document, _Question(True, concerned))
        findings = [one for one in document["findings"] if cve in one["cves"]]
        found = _worst_of(findings) if findings else None
        if found is not None and (found["state"] != "installed" or found["effective"] == "no"):
            return found
        coverage = document["coverage"]
        # A feed can name the source of a package that another publisher built.
        sources = {one["name"]: one.get("source") for one in host_document.get("packages") or ()}
        foreign = [
            one
            for one in coverage["uncovered"]
            if one["package"] in concerned or sources.get(one["package"]) in concerned
        ]
        doubts = [reason("foreign_package", f"{one['package']} of {one['origin']}") for one in foreign]
        if any(is_kernel(name) for name in concerned) and code.kernel_doubt:
            doubts.append(code.kernel_doubt)
        if found is not None:
            return {**found, "state": "unknown", "effective": None, "reasons": doubts} if doubts else found
        reasons = [*coverage["reasons"], *(one for one in doubts if one not in coverage["reasons"])]
        if not named:
            reasons.append(reason("cve_not_in_feeds", f"{cve}, {release}"))
        state = "unknown" if reasons else "not_affected"
        return {"state": state, "effective": None, "findings": [], "reasons": reasons}

    def _assess(self, document: Mapping[str, Any], question: _Question) -> tuple[dict[str, Any], RunningCode]:
        host, release = document.get("host"), release_of(document)
        scheme = scheme_of(release) if release else None
        key = self._release(release)[0].key if release else None
        offers = Offers(document, scheme, key)
        languages = _by_language(document)
        family = (release or "").partition(":")[0]
        packages = with_origins(document, family, key)
        code = RunningCode(document, scheme, packages, lambda one: foreign_origin(family, one))
        installed = self._by_release(release, packages)
        findings: list[dict[str, Any]] = []
        found = Grouped([], [], [])
        judged = Judged()
        for name, its in {**installed, **languages}.items():
            if name in languages and name not in LANGUAGES:
                found.foreign += [{"package": one["name"], "origin": name} for one in its]
                judged.add(name, (), len(its), judged=False)
                continue
            rules, placer = self._release(name)
            placed = placer.place(its)
            judged.take(self._judged(name, its, placed, document))
            part = grouped(its, placed, question.only, code.watched, question.include_installed)
            judge = HostJudge(host, rules, code, offers, self._prototypes, question.include_installed)
            findings += [finding for group in part.groups for finding in judge.of(group)]
            found.foreign += part.foreign
            found.nameless += part.nameless
        missing = [*gaps(document, release, self._feeds(release), self._now, self._freshness)]
        for name in sorted((LANGUAGES & languages.keys()) | (installed.keys() - {release})):
            missing += feed_gaps(name, self._feeds(name), self._now, self._freshness)
        missing += judged.gaps
        if release and (nameless := self._release(release)[0].nameless):
            told = ", ".join(sorted({f"{one.advisory.name} ({one.affected.note})" for one in nameless})[:5])
            missing.append(reason("advisory_unclear", told))
        if found.nameless:
            missing.append(reason("package_source_unknown", ", ".join(found.nameless[:10])))
        if code.kernels.is_foreign:
            missing.append(reason("kernel_of_no_package", str(code.kernels.running)))
        explained: list[dict[str, Any]] = []
        if question.only is None:
            explained, unexplained = explain(
                host, document, offers, findings, self._feeds(release), self._prototypes
            )
            findings += unexplained
            if rows := missing + code.gaps():
                findings.append(host_row(host, rows))
        findings.sort(key=lambda one: (one["package"] or "", one["advisory"] or ""))
        feeds = dict.fromkeys(
            feed for name in (release, *installed, *languages) for feed in self._feeds(name)
        )
        result = {
            "kind": "patchops.findings",
            "schema": 1,
            "engine_version": ENGINE_VERSION,
            "run_id": document.get("run_id"),
            "host": host,
            "created_at": self._now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "release": release,
            "coverage": {
                "complete": not missing,
                "reasons": missing,
                "security_source": dated_source(document),
                "uncovered": found.foreign + judged.uncovered,
                "packages": judged.packages,
                "judged": judged.judged,
                "judges": judged.judges,
            },
            "feeds": [_provenance(feed) for feed in feeds],
            "intelligence": currency_document(self._currencies),
            "findings": findings,
            "updates_explained": explained,
        }
        return result, code

    def _by_release(
        self, release: str | None, packages: Sequence[Mapping[str, Any]]
    ) -> dict[str, Sequence[Mapping[str, Any]]]:
        """The packages by the release whose feeds speak of them: EPEL's are Fedora's builds for another
        one."""
        epel = self._epel(release)
        if release is None:
            return {}
        if epel is None:
            return {release: packages}
        built_by_epel = [one for one in packages if not is_foreign("epel", one) and one.get("origin")]
        if not built_by_epel:
            return {release: packages}
        theirs = {id(one) for one in built_by_epel}
        return {release: [one for one in packages if id(one) not in theirs], epel: built_by_epel}

    def _epel(self, release: str | None) -> str | None:
        """The key of EPEL for an Enterprise Linux release; None where no feed speaks of it."""
        family, _separator, version = (release or "").partition(":")
        key = f"epel:{version}"
        return key if family in _ENTERPRISE and self._feeds(key) else None

    def _judged(
        self,
        name: str,
        packages: Sequence[Mapping[str, Any]],
        placed: Sequence[Placement],
        document: Mapping[str, Any],
    ) -> Judged:
        """What feeds judge of the packages of a release or a language."""
        if name not in self._judges:
            self._judges[name] = Judges(
                name,
                self._feeds(name),
                lambda feed: self._freshness.holds(feed, self._now),
                lambda placed: self._database.sources_naming(name, placed.name),
            )
        lts = name not in LANGUAGES and support_status(document, name, self._today) == "lts"
        return self._judges[name].of(packages, placed, document, lts)

    def _affected_by(self, cve: str) -> frozenset[tuple[str, str]]:
        """Release and package that any advisory on a CVE speaks of."""
        if cve not in self._cves:
            affected = [rule.affected for rule in self._database.affected_by(cve)]
            self._cves[cve] = frozenset((one.release, one.package) for one in affected)
        return self._cves[cve]

    def _feeds(self, release: str | None) -> list[Source]:
        """The sources that speak of a release or a language."""
        names = self._release(release)[0].sources if release else ()
        return [self._sources[name] for name in sorted(names)]

    def _release(self, release: str) -> tuple[ReleaseRules, Placer]:
        if release not in self._releases:
            rules = ReleaseRules(self._database, release)
            self._releases[release] = (rules, Placer(rules))
        return self._releases[release]


def release_of(document: Mapping[str, Any]) -> str | None:
    """The release key of a host document, None where the host does not tell."""
    os = document.get("os") or {}
    return release_key(os.get("id") or "", os.get("version_id") or "", os.get("codename") or "")


def _by_language(document: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The packages that an SBOM has of languages, by ecosystem."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for package in document.get("language_packages") or ():
        found.setdefault(package["ecosystem"], []).append(package)
    return found


def _worst_of(findings: list[dict[str, Any]]) -> dict[str, Any]:
    worst = min(findings, key=lambda one: _WORST_FIRST.index(one["state"]))
    effective = None
    if worst["state"] == "installed":
        effective = min((one["effective"] for one in findings), key=_EFFECTS_WORST_FIRST.index)
    return {
        "state": worst["state"],
        "effective": effective,
        "findings": findings,
        "reasons": worst["reasons"],
    }


def _provenance(feed: Source) -> dict[str, Any]:
    return {
        "name": feed.name,
        "kind": feed.kind,
        "imported_at": feed.imported_at,
        "as_of": feed.as_of,
        "records": feed.records,
    }
