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
    promise: Promise | None


@dataclass(frozen=True)
class _Demand:
    demanded: Obligations
    document: dict[str, Any]
    plain: Mapping[str, Any]
    """The ``urgency`` object when neither a promise nor an act changes anything."""


class DueDates:
    """Decides due dates for one policy on one day; equal questions of many hosts are answered once."""

    def __init__(self, policy: Policy, vulnerabilities: Vulnerabilities, today: date) -> None:
        self._policy = policy
        self._vulnerabilities = vulnerabilities
        self._today = today
        self._rules: dict[tuple[HostContext, frozenset[str]], tuple[Rule, ...]] = {}
        self._demands: dict[tuple[Any, ...], _Demand] = {}

    def give(
        self, finding: Mapping[str, Any], host: HostFacts, target: Target, promise: Promise | None
    ) -> Given:
        """The due date of an open finding; ``promise`` is what the ledger holds for it."""
        first_seen = min(promise.first_seen, self._today) if promise else self._today
        demand = self._demand(finding, host, first_seen)
        acts = self._acts(target)
        due = decide(demand.demanded, promise, acts)
        if due.promised is None and due.act is None:
            document = demand.plain
        else:
            document = due_document(due, demand.document)
        return Given(due, document, self._promise(due, promise, first_seen, demand))

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

    def _demand(self, finding: Mapping[str, Any], host: HostFacts, first_seen: date) -> _Demand:
        rules = self._rules_for(host)
        fix = Fix(
            available=finding.get("fixed") is not None and finding.get("state") != "no_fix",
            published=day(finding.get("issued")),
        )
        counts_from_sight = fix.published is None or any(
            isinstance(rule, SeverityRule) and rule.from_first_seen for rule in rules
        )
        vulnerabilities = self._vulnerabilities.of(finding)
        # The identity of the rules is part of the key: hosts of one kind share the same tuple.
        key = (vulnerabilities, fix, host.context, id(rules), first_seen if counts_from_sight else None)
        if key not in self._demands:
            demanded = obligations(
                rules, [Subject(each, fix, host.context, first_seen) for each in vulnerabilities]
            )
            document = obligations_document(demanded)
            self._demands[key] = _Demand(demanded, document, due_document(decide(demanded), document))
        return self._demands[key]

    def _rules_for(self, host: HostFacts) -> tuple[Rule, ...]:
        key = (host.context, host.groups)
        if key not in self._rules:
            chosen = tuple(rule for rule in self._policy.rules if rule.when.holds(host.context, host.groups))
            # Equal choices become the same tuple, whatever the groups are.
            self._rules[key] = next((known for known in self._rules.values() if known == chosen), chosen)
        return self._rules[key]

    def _acts(self, target: Target) -> Sequence[Act]:
        """Acts recorded until today that speak about the whole finding: a part of its CVEs moves nothing."""
        names = set(target.cves or (target.advisory,))
        return [
            scoped.act
            for scoped in self._policy.acts
            if scoped.act.at <= self._today and scoped.scope.covered(target) == names
        ]
