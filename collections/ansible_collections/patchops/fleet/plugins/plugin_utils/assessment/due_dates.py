# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give every finding its due date, with the explanation, out of policy, inventory and ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import HostFacts
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.vulnerabilities import (
    Vulnerabilities,
    day,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import (
    Act,
    Due,
    Obligations,
    Promise,
    decide,
    obligations,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.explain import (
    due_document,
    obligations_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import Fix, HostContext
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import Rule, SeverityRule, Subject
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Target


@dataclass(frozen=True)
class Given:
    """A due date with its ``urgency`` object, and the promise to keep (None: the known one stays)."""

    due: Due
    document: Mapping[str, Any]
    reason: dict[str, str]
    promise: Promise | None


@dataclass(frozen=True, eq=False)
class Situation:
    """What hosts have in common for due dates: exposure, criticality, and the rules that hold on them."""

    context: HostContext
    rules: tuple[Rule, ...]
    counts_from_sight: bool
    """Whether a rule counts from the first sight of a finding."""


@dataclass(frozen=True)
class _Demand:
    demanded: Obligations
    document: dict[str, Any]
    plain: Mapping[str, Any]
    """The ``urgency`` object when neither a promise nor an act changes anything."""
    reason: dict[str, str]


class DueDates:
    """Decides due dates for one policy on one day; equal questions of many hosts are answered once."""

    def __init__(self, policy: Policy, vulnerabilities: Vulnerabilities, today: date) -> None:
        self._policy = policy
        self._vulnerabilities = vulnerabilities
        self._today = today
        self._situations: dict[tuple[HostContext, tuple[int, ...]], Situation] = {}
        self._demands: dict[tuple[Any, ...], _Demand] = {}

    def situation(self, host: HostFacts) -> Situation:
        """The situation of a host; hosts in the same one get the same object."""
        holding = tuple(
            number
            for number, rule in enumerate(self._policy.rules)
            if rule.when.holds(host.context, host.groups)
        )
        key = (host.context, holding)
        if key not in self._situations:
            rules = tuple(self._policy.rules[number] for number in holding)
            counts = any(isinstance(rule, SeverityRule) and rule.from_first_seen for rule in rules)
            self._situations[key] = Situation(host.context, rules, counts)
        return self._situations[key]

    def give(
        self, finding: Mapping[str, Any], situation: Situation, target: Target, promise: Promise | None
    ) -> Given:
        """The due date of an open finding; ``promise`` is what the ledger holds for it."""
        first_seen = min(promise.first_seen, self._today) if promise else self._today
        demand = self._demand(finding, situation, first_seen)
        due = decide(demand.demanded, promise, self._acts(target))
        document, reason = demand.plain, demand.reason
        if due.promised is not None or due.act is not None:
            document = due_document(due, demand.document)
            reason = _reason(document)
        return Given(due, document, reason, self._promise(due, promise, first_seen, demand))

    def _promise(self, due: Due, known: Promise | None, first_seen: date, demand: _Demand) -> Promise | None:
        """What to remember: the date without extensions, so that an extension ends when it is taken away."""
        if due.promised is not None:
            return None
        governing = due.obligations.governing
        settled = governing.due if governing else None
        if known is not None and known.due == settled:
            return None
        parts = ("rule", "vulnerability", "timeline", "due", "clock_start", "clock", "inputs")
        explanation = {part: demand.document[part] for part in parts} if settled else None
        return Promise(settled, self._today, first_seen, explanation)

    def _demand(self, finding: Mapping[str, Any], situation: Situation, first_seen: date) -> _Demand:
        available = finding.get("fixed") is not None and finding.get("state") != "no_fix"
        issued = finding.get("issued")
        counts_from_sight = situation.counts_from_sight or issued is None
        key = (
            finding["advisory"] or finding["package"],
            tuple(finding["cves"]),
            finding.get("severity"),
            issued,
            available,
            # By identity: a situation has no equals.
            situation,
            first_seen if counts_from_sight else None,
        )
        demand = self._demands.get(key)
        if demand is None:
            fix = Fix(available, day(issued))
            demanded = obligations(
                situation.rules,
                [
                    Subject(each, fix, situation.context, first_seen)
                    for each in self._vulnerabilities.of(finding)
                ],
            )
            document = obligations_document(demanded)
            plain = due_document(decide(demanded), document)
            demand = self._demands[key] = _Demand(demanded, document, plain, _reason(plain))
        return demand

    def _acts(self, target: Target) -> Sequence[Act]:
        """Acts recorded until today that speak about the whole finding: a part of its CVEs moves nothing."""
        if not self._policy.acts:
            return ()
        names = set(target.cves or (target.advisory,))
        return [
            scoped.act
            for scoped in self._policy.acts
            if scoped.act.at <= self._today and scoped.scope.covered(target) == names
        ]


def _reason(document: Mapping[str, Any]) -> dict[str, str]:
    return {"code": "due", "message": document["explanation"]}
