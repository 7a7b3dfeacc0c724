# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as values, and how checked data becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import (
    Approve,
    Baseline,
    Pin,
    Reject,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_signature import Signers
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.elsewhere import Elsewhere
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Act
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.presets import PRESETS
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import (
    Assumptions,
    Condition,
    Rule,
    SeverityRule,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Renewal, Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope


@dataclass(frozen=True)
class ScopedAct:
    """A recorded act and the findings it speaks about."""

    scope: Scope
    act: Act


@dataclass(frozen=True)
class Policy:
    """What a policy file says. The default is the policy without a file.

    `signers`: whose signatures a patch set needs, with paths as they were written; None where it needs none.
    """

    rules: tuple[Rule, ...] = (PRESETS["cisa_bod_26_04"](Assumptions(), Condition()),)
    acts: tuple[ScopedAct, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    elsewhere: tuple[Elsewhere, ...] = ()
    signers: Signers | None = None
    source: str = "built-in default"


def build(data: Mapping[str, Any], name: str) -> Policy:
    """The policy that checked data describes; ``name`` is its file."""
    urgency = data.get("urgency", {})
    assume = Assumptions(**urgency.get("assume", {}))
    default = Policy()
    return Policy(
        rules=tuple(_rule(rule, assume) for rule in urgency.get("rules", [{"preset": "cisa_bod_26_04"}])),
        acts=tuple(_act(act) for act in urgency.get("acts", [])),
        waivers=tuple(_waiver(entry) for entry in data.get("waivers", {}).get("entries", [])),
        baseline=_baseline(data.get("baseline", {}), default.baseline),
        elsewhere=tuple(map(_elsewhere, data.get("judged_elsewhere", []))),
        signers=_signers(data.get("patch_sets")),
        source=name,
    )


def _rule(rule: Mapping[str, Any], assume: Assumptions) -> Rule:
    asked = rule.get("when", {})
    when = Condition(
        exposed=asked.get("exposed", False),
        criticality_at_least=asked.get("criticality_at_least"),
        groups=tuple(asked.get("groups", ())),
    )
    if "preset" in rule:
        return PRESETS[rule["preset"]](assume, when)
    return SeverityRule(
        rule["name"],
        {severity: Span.parse(span) for severity, span in rule["within"].items()},
        from_first_seen=rule.get("clock") == "first_seen",
        assume=assume,
        when=when,
    )


def _act(act: Mapping[str, Any]) -> ScopedAct:
    due = date.fromisoformat(act["due"]) if "due" in act else None
    return ScopedAct(
        _scope(act["scope"]),
        Act(act["kind"], act["by"], act["approver"], act["reason"], date.fromisoformat(act["at"]), due),
    )


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    return Waiver(
        id=entry["id"],
        state=entry.get("state", "waived"),
        owner=entry["owner"],
        approver=entry["approver"],
        reason=entry["reason"],
        control=entry["control"],
        scope=_scope(entry["scope"]),
        granted=date.fromisoformat(entry["granted"]),
        until=date.fromisoformat(entry["until"]),
        evidence=entry.get("evidence", ""),
        renewals=tuple(
            Renewal(
                renewal["approver"], date.fromisoformat(renewal["at"]), date.fromisoformat(renewal["until"])
            )
            for renewal in entry.get("renewals", ())
        ),
    )


def _elsewhere(entry: Mapping[str, Any]) -> Elsewhere:
    parts = {part: tuple(entry.get(part, ())) for part in ("origins", "packages", "hosts")}
    return Elsewhere(
        id=entry["id"],
        owner=entry["owner"],
        reason=entry["reason"],
        until=date.fromisoformat(entry["until"]),
        **parts,
    )


def _signers(section: Mapping[str, Any] | None) -> Signers | None:
    return Signers(section["allowed_signers"], section.get("revoked_signers")) if section else None


def _scope(scope: Mapping[str, Any]) -> Scope:
    return Scope(**{part: tuple(names) for part, names in scope.items()})


def _baseline(section: Mapping[str, Any], default: Baseline) -> Baseline:
    approve = tuple(
        Approve(
            name=rule["name"],
            classifications=tuple(rule.get("classifications", ())),
            severities=tuple(rule.get("severities", ())),
            packages=tuple(rule.get("packages", ())),
            origins=tuple(rule.get("origins", ())),
            after=rule.get("after_days", 0),
            max_age=rule.get("max_age_days"),
        )
        for rule in section.get("approve", ())
    )
    reject = tuple(
        Reject(
            packages=tuple(rule["packages"]),
            reason=rule["reason"],
            versions=tuple(rule.get("versions", ())),
            with_dependencies=rule.get("with_dependencies", True),
            until=date.fromisoformat(rule["until"]) if "until" in rule else None,
        )
        for rule in section.get("reject", ())
    )
    return Baseline(
        approve=approve if "approve" in section else default.approve,
        pin=tuple(Pin(pin["package"], pin["version"], pin["reason"]) for pin in section.get("pin", ())),
        reject=reject,
        kev_at_once=section.get("kev_at_once", True),
    )
