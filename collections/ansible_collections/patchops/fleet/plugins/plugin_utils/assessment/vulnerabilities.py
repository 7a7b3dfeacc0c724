# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the advisory database knows about CVEs, as the urgency rules take it. Asked once a CVE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import (
    Currency,
    Freshness,
    currencies,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import SEVERITIES, Vulnerability

NOT_OF_SECURITY: Final = frozenset({"bugfix", "enhancement"})
"""The types of advisories that are not about security."""


class CveSource(Protocol):
    """The part of AdvisoryDatabase that is read here."""

    def sources(self) -> Sequence[Source]: ...
    def kev(self, cve: str) -> Any: ...
    def epss(self, cve: str) -> Any: ...
    def ssvc(self, cve: str) -> Any: ...


class Vulnerabilities:
    """Facts about CVEs, memoised over all hosts of one assessment."""

    def __init__(self, source: CveSource, now: datetime, freshness: Freshness | None = None) -> None:
        self._source = source
        self.currencies = currencies(source.sources(), now, freshness or Freshness())
        self._kev_gap = kev_gap(self.currencies["kev"])
        self._known: dict[tuple[str, str | None], Vulnerability] = {}

    def of(self, finding: Mapping[str, Any]) -> tuple[Vulnerability, ...]:
        """The vulnerabilities of a finding: one a CVE, or the finding itself where it names none.

        A bugfix or an enhancement that names no CVE fixes no vulnerability.
        """
        severity = known_severity(finding.get("severity"))
        cves = finding.get("cves") or ()
        if not cves and finding.get("type") in NOT_OF_SECURITY:
            return ()
        if not cves:
            name = finding.get("advisory") or f"update of {finding.get('package')}"
            return (Vulnerability(str(name), severity),)
        return tuple(self._cve(cve, severity) for cve in cves)

    def _cve(self, cve: str, severity: str | None) -> Vulnerability:
        key = (cve, severity)
        if key not in self._known:
            kev, ssvc, epss = self._source.kev(cve), self._source.ssvc(cve), self._source.epss(cve)
            impact = ssvc.technical_impact if ssvc else None
            self._known[key] = Vulnerability(
                id=cve,
                severity=severity,
                kev_added=day(kev.date_added) if kev else None,
                kev_due=day(kev.due_date) if kev else None,
                kev_forensics=kev.forensics if kev else None,
                kev_gap="" if kev else self._kev_gap,
                automatable=_yes_or_no(ssvc.automatable) if ssvc else None,
                technical_impact=impact if impact in ("partial", "total") else None,
                epss=epss.score if epss else None,
            )
        return self._known[key]


def kev_gap(kev: Currency) -> str:
    """Why a CVE may be in CISA's catalogue although the known one doesn't list it; "" where it does not."""
    if kev.status == "current":
        return ""
    return "the KEV catalogue is not imported" if kev.status == "missing" else f"the KEV catalogue is {kev}"


def known_severity(name: object) -> str | None:
    """A severity of our scale; ``none`` counts as low, everything else that isn't on the scale as unknown."""
    if name == "none":
        return "low"
    return str(name) if name in SEVERITIES else None


def day(text: object) -> date | None:
    """The day at the beginning of ``YYYY-MM-DD`` or of a UTC time, None where there is none."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _yes_or_no(text: object) -> bool | None:
    return {"yes": True, "no": False}.get(str(text))
