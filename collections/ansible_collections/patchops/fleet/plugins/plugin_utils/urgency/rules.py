# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of rules that set a due date, and what each says about one vulnerability on one host.

Every rule is monotone: a further input that holds (a KEV entry, exposure, a higher criticality) can only add
obligations, so it never makes a due date later. That is why the BOD table is read for every combination of
the inputs that hold, each from the day on which it held, and not only for the combination of today.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency import ssvc
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import (
    CRITICALITIES,
    SEVERITIES,
    Fix,
    HostContext,
    Vulnerability,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

NO_FIX = "the clock starts with the vendor's fix; there is none yet"


@dataclass(frozen=True)
class Assumptions:
    """What counts where a feed is silent. The defaults are the worst case: unknown is not harmless."""

    automatable: bool = True
    technical_impact: str = "total"
    severity: str = "high"


@dataclass(frozen=True)
class Condition:
    """On which hosts a rule holds. Each part can only narrow towards more urgent hosts."""

    exposed: bool = False
    """Only on exposed hosts (unknown counts as exposed)."""
    criticality_at_least: str | None = None
    """Only on hosts of this criticality or above (unknown counts as above)."""
    groups: tuple[str, ...] = ()
    """Only on members of one of these inventory groups."""

    def holds(self, host: HostContext, groups: frozenset[str]) -> bool:
        if self.exposed and not host.counts_as_exposed:
            return False
        if self.groups and groups.isdisjoint(self.groups):
            return False
        least = self.criticality_at_least
        if least is None or host.criticality is None:
            return True
        return CRITICALITIES.index(host.criticality) >= CRITICALITIES.index(least)


@dataclass(frozen=True)
class Subject:
    """One vulnerability on one host."""

    vulnerability: Vulnerability
    fix: Fix
    host: HostContext
    first_seen: date
    """When the finding was first seen on the host; the clock of rules that count from detection."""


@dataclass(frozen=True)
class Deadline:
    """What one rule demands of one vulnerability on one host, with everything that led to it."""

    rule: str
    vulnerability: str
    timeline: str
    due: date | None
    """None: no calendar date (at the next upgrade, or the clock has not started)."""
    clock_start: date | None
    clock_reason: str
    inputs: Mapping[str, str] = field(hash=False)
    note: str = ""

    @property
    def order(self) -> tuple[bool, date]:
        """Sorts earlier obligations first and those without a date last."""
        return (self.due is None, self.due or date.max)


@dataclass(frozen=True)
class TableRule:
    """CISA BOD 26-04's table."""

    name: str
    assume: Assumptions = Assumptions()
    when: Condition = Condition()
    note: str = ""

    def deadlines(self, subject: Subject) -> Iterator[Deadline]:
        points = _points(subject, self.assume)
        rows = ssvc.table()
        inputs = {name: text for name, (_holds, _since, text) in points.items()}
        for chosen in itertools.product((False, True), repeat=len(points)):
            held = [holds for holds, _since, _text in points.values()]
            if any(want and not has for want, has in zip(chosen, held, strict=True)):
                continue
            row = rows[chosen]  # type: ignore[index]  # product() of four booleans
            since = {
                name: moment
                for (name, (_holds, moment, _text)), want in zip(points.items(), chosen, strict=True)
                if want and moment is not None
            }
            inputs_of_row = inputs if list(chosen) == held else {**inputs, "as_of": _as_of(points, chosen)}
            yield _counted(
                self.name,
                subject,
                row.span,
                f"row {row.number}: {row.timeline}",
                since,
                inputs_of_row,
                self.note,
            )

    def forensic(self, subject: Subject) -> bool:
        """Whether the row that holds today demands a forensic investigation."""
        points = _points(subject, self.assume).values()
        held = tuple(holds for holds, _since, _text in points)
        return ssvc.table()[held].forensic  # type: ignore[index]  # four booleans


@dataclass(frozen=True)
class SeverityRule:
    """A span of time for each severity."""

    name: str
    within: Mapping[str, Span] = field(hash=False)
    from_first_seen: bool = False
    """Count from the first sight of the finding (BOD 19-02) instead of from the vendor's fix."""
    assume: Assumptions = Assumptions()
    when: Condition = Condition()
    note: str = ""

    def deadlines(self, subject: Subject) -> Iterator[Deadline]:
        known = subject.vulnerability.severity
        severity = known or self.assume.severity
        span = _strictest(self.within, severity)
        if span is None:
            return
        inputs = {"severity": severity if known else f"{severity} (assumed: no source states it)"}
        since: dict[str, date] = {}
        if self.when.exposed:
            inputs["exposed"] = _exposure_text(subject.host)
            if subject.host.exposed_since is not None:
                since["exposed"] = subject.host.exposed_since
        if self.from_first_seen:
            since["first seen"] = subject.first_seen
        yield _counted(self.name, subject, span, str(span), since, inputs, self.note)


@dataclass(frozen=True)
class CatalogueRule:
    """CISA KEV's own due date, as BOD 22-01 had it: it holds whether or not the vendor has a fix.

    Where the catalogue can't be known the CVE may be overdue already: the day of the vendor's fix counts.
    """

    name: str
    when: Condition = Condition()
    note: str = ""

    def deadlines(self, subject: Subject) -> Iterator[Deadline]:
        entry = subject.vulnerability
        if entry.in_kev is None:
            start = subject.fix.published or subject.first_seen
            timeline = "at once: the catalogue's due date can't be known"
            inputs = {"in_kev": _kev_text(entry)}
            yield Deadline(self.name, entry.id, timeline, start, start, "the worst case", inputs, self.note)
            return
        if entry.kev_due is None:
            return
        yield Deadline(
            self.name,
            entry.id,
            "the catalogue's due date",
            entry.kev_due,
            entry.kev_added,
            "KEV dateAdded",
            {"in_kev": _kev_text(entry)},
            self.note,
        )


Rule = TableRule | SeverityRule | CatalogueRule


def _points(subject: Subject, assume: Assumptions) -> dict[str, tuple[bool, date | None, str]]:
    """The table's four points in its order: whether it holds, since when, and how a person reads it."""
    facts, host = subject.vulnerability, subject.host
    automatable = assume.automatable if facts.automatable is None else facts.automatable
    impact = facts.technical_impact or assume.technical_impact
    silent = " (assumed: no SSVC point known)"
    return {
        "in_kev": (facts.in_kev is not False, facts.kev_added, _kev_text(facts)),
        "exposed": (host.counts_as_exposed, host.exposed_since, _exposure_text(host)),
        "automatable": (
            automatable,
            None,
            ("yes" if automatable else "no") + (silent if facts.automatable is None else ""),
        ),
        "technical_impact": (impact == "total", None, impact + ("" if facts.technical_impact else silent)),
    }


def _counted(
    rule: str,
    subject: Subject,
    span: Span | None,
    timeline: str,
    since: Mapping[str, date],
    inputs: Mapping[str, str],
    note: str,
) -> Deadline:
    """Count the span from the later of the vendor's fix and the moments in ``since``."""
    if not subject.fix.available:
        return Deadline(rule, subject.vulnerability.id, timeline, None, None, NO_FIX, inputs, note)
    if subject.fix.published is None:
        moments = {"first seen (the day of the vendor's fix is unknown)": subject.first_seen}
    else:
        moments = {"vendor's fix": subject.fix.published}
    moments.update({_MOMENT_NAMES.get(name, name): moment for name, moment in since.items()})
    reason, start = max(moments.items(), key=lambda item: item[1])
    due = None if span is None else span.after(start)
    return Deadline(rule, subject.vulnerability.id, timeline, due, start, reason, inputs, note)


_MOMENT_NAMES = {"in_kev": "KEV dateAdded", "exposed": "exposed since"}


def _strictest(within: Mapping[str, Span], severity: str) -> Span | None:
    """The span of this severity or of the nearest milder one that the rule names."""
    for name in reversed(SEVERITIES[: SEVERITIES.index(severity) + 1]):
        if name in within:
            return within[name]
    return None


def _as_of(points: Mapping[str, tuple[bool, date | None, str]], chosen: tuple[bool, ...]) -> str:
    names = [name for name, want in zip(points, chosen, strict=True) if want]
    return "when only these held: " + (", ".join(names) or "none")


def _kev_text(facts: Vulnerability) -> str:
    if facts.in_kev is None:
        return f"unknown (counts as yes: {facts.kev_gap})"
    return "no" if facts.kev_added is None else f"yes, since {facts.kev_added.isoformat()}"


def _exposure_text(host: HostContext) -> str:
    if host.exposed is None:
        return "yes (unknown counts as exposed)"
    if not host.exposed:
        return "no"
    return "yes" if host.exposed_since is None else f"yes, since {host.exposed_since.isoformat()}"
