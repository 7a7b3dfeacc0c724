# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the rules' deadlines to one due date that explains itself and never slips unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import Vulnerability
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import (
    Deadline,
    Rule,
    Subject,
    TableRule,
)


@dataclass(frozen=True)
class Act:
    """A recorded act by which a due date may move later.

    ``extend`` puts the due date at ``due`` at the earliest. ``recalculate`` accepts what the rules say now
    (a corrected exposure, a changed policy) over what was promised before ``at``.
    """

    kind: str
    by: str
    approver: str
    reason: str
    at: date
    due: date | None = None

    def __str__(self) -> str:
        return (
            f"{self.kind}ed by {self.by}, approved by {self.approver} on {self.at.isoformat()}: {self.reason}"
        )


@dataclass(frozen=True)
class Promise:
    """The due date that was given for a finding before, kept through fixes and rollbacks."""

    due: date | None
    recorded_at: date
    first_seen: date
    explanation: Mapping[str, Any] | None = None

    @property
    def of_a_cve(self) -> bool:
        """Whether it was given for a CVE, and not for an advisory that names none."""
        return str((self.explanation or {}).get("vulnerability", "")).startswith("CVE-")


@dataclass(frozen=True)
class Obligations:
    """What the rules demand today, before promises and acts. Shared by all hosts in the same position."""

    strictest: tuple[Deadline, ...]
    """For each rule its earliest deadline over all vulnerabilities of the finding; earliest rule first."""
    forensic: tuple[str, ...]
    """Vulnerabilities for which the table, or CISA's own entry, demands a forensic investigation."""
    kev_due: date | None
    """The earliest due date of CISA's own catalogue."""
    waits_for_fix: bool
    no_vulnerability: bool = False
    """The finding is no vulnerability (a bugfix, an enhancement), so no rule speaks of it."""

    @property
    def governing(self) -> Deadline | None:
        return self.strictest[0] if self.strictest else None


@dataclass(frozen=True)
class Due:
    """The due date of one finding."""

    day: date | None
    obligations: Obligations
    promised: Promise | None = None
    """Set when an earlier promise holds against a later date of today's rules."""
    act: Act | None = None
    """The recorded act that moved the date later."""

    def overdue_days(self, today: date) -> int:
        """Whole days since the due date has passed; 0 until then."""
        return max(0, (today - self.day).days) if self.day else 0


def obligations(rules: Sequence[Rule], subjects: Iterable[Subject]) -> Obligations:
    """Apply every rule to every vulnerability of one finding."""
    best: dict[str, Deadline] = {}
    forensic: list[str] = []
    entries: list[Vulnerability] = []
    fixed = no_vulnerability = True
    for subject in subjects:
        no_vulnerability = False
        entries.append(subject.vulnerability)
        if subject.vulnerability.kev_forensics:
            forensic.append(subject.vulnerability.id)
        fixed = subject.fix.available
        for rule in rules:
            for deadline in rule.deadlines(subject):
                known = best.get(rule.name)
                if known is None or deadline.order < known.order:
                    best[rule.name] = deadline
            if isinstance(rule, TableRule) and rule.forensic(subject):
                forensic.append(subject.vulnerability.id)
    return Obligations(
        strictest=tuple(sorted(best.values(), key=lambda deadline: deadline.order)),
        forensic=tuple(sorted(set(forensic))),
        kev_due=min((entry.kev_due for entry in entries if entry.kev_due), default=None),
        waits_for_fix=not fixed,
        no_vulnerability=no_vulnerability,
    )


def decide(demanded: Obligations, promise: Promise | None = None, acts: Sequence[Act] = ()) -> Due:
    """The due date: the earliest over all rules, never later than promised unless a recorded act moves it."""
    governing = demanded.governing
    computed = governing.due if governing else None
    released = (
        promise is None
        or any(act.kind == "recalculate" and act.at >= promise.recorded_at for act in acts)
        # Given by mistake: neither today nor then was there a vulnerability.
        or (demanded.no_vulnerability and not promise.of_a_cve)
    )
    held = promise if not released and promise and _later(computed, promise.due) else None
    settled = held.due if held else computed
    extensions = [act for act in acts if act.kind == "extend" and act.due and settled and act.due > settled]
    if extensions:
        act = max(extensions, key=lambda extension: extension.due or date.min)
        return Due(act.due, demanded, held, act)
    return Due(settled, demanded, held)


def _later(candidate: date | None, promised: date | None) -> bool:
    return promised is not None and (candidate is None or candidate > promised)
