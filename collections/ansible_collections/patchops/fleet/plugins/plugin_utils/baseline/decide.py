# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pending updates a baseline approves today.

Pure: the same updates in any order give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import (
    Approve,
    Baseline,
    Decision,
    Reject,
    Update,
)


def decide(baseline: Baseline, updates: Iterable[Update], today: date) -> list[Decision]:
    """One decision for each update, sorted by platform, package, architecture and version.

    A rejection by a person stands over everything, then a pin, then KEV, then the approving rules, of which
    the one with the earliest day counts.
    """
    ordered = sorted(set(updates), key=lambda update: update.key)
    rejected = _rejected(baseline.reject, ordered, today)
    return [_decide(baseline, update, rejected.get(update.key), today) for update in ordered]


def _decide(baseline: Baseline, update: Update, rejected: str | None, today: date) -> Decision:
    if rejected is not None:
        warning = "; it fixes a known exploited vulnerability" if update.exploited else ""
        return Decision(update, "rejected", rejected + warning)
    for pin in baseline.pin:
        if pin.fits(update) and update.version != pin.version:
            return Decision(update, "pinned", f"pinned to {pin.version}: {pin.reason}")
    fitting = [rule for rule in baseline.approve if rule.fits(update)]
    if update.exploited and baseline.kev_at_once:
        return Decision(update, "approved", "in CISA's KEV, which passes the delay", update.first_seen)
    if not fitting:
        return Decision(
            update,
            "not_selected",
            f"no rule approves {update.classification} updates of severity {update.severity or 'unknown'}",
        )
    day, reason = min(_day(rule, update) for rule in fitting)
    return Decision(update, "approved" if day <= today else "delayed", reason, day)


def _day(rule: Approve, update: Update) -> tuple[date, str]:
    """From which day the rule approves the update, and why."""
    seen = update.first_seen + timedelta(days=rule.after)
    reason = f"{rule.name}: seen since {update.first_seen.isoformat()}, approved after {rule.after} days"
    if rule.max_age is None:
        return seen, reason
    aged = update.waiting_since + timedelta(days=rule.max_age)
    if seen <= aged:
        return seen, reason
    return aged, (
        f"{rule.name}: an update has been waiting since {update.waiting_since.isoformat()}, "
        f"the newest is approved after {rule.max_age} days whatever is re-issued"
    )


def _rejected(
    rules: Sequence[Reject], updates: Sequence[Update], today: date
) -> dict[tuple[str, str, str, str], str]:
    """Why each rejected update is rejected; with their dependencies where a rule says so."""
    reasons: dict[tuple[str, str, str, str], str] = {}
    for rule in rules:
        refused = {update.key: update for update in updates if rule.fits(update, today)}
        for key in refused:
            reasons.setdefault(key, f"rejected: {rule.reason}")
        while rule.with_dependencies and refused:
            names = {(update.platform, update.name) for update in refused.values()}
            sources = {(update.platform, update.source) for update in refused.values()}
            dragged = {
                update.key: update
                for update in updates
                if update.key not in reasons
                and (
                    (update.platform, update.source) in sources
                    or any((update.platform, name) in names for name in update.requires)
                )
            }
            for key in dragged:
                reasons[key] = f"needs what is rejected: {rule.reason}"
            refused = dragged
    return reasons


def newest(decisions: Iterable[Decision], newer: Callable[[Update, Update], bool]) -> list[Decision]:
    """Keep of each approved package of a platform only its newest version; the others become not selected.

    Hosts of one platform can see mirrors of different age; a patch set names one version. ``newer(a, b)``
    says whether ``a`` has the higher version, in the order of the platform's packages.
    """
    decisions = list(decisions)
    best: dict[tuple[str, str, str], Decision] = {}
    for decision in decisions:
        if decision.verdict == "approved":
            key = decision.update.key[:3]
            known = best.get(key)
            if known is None or newer(decision.update, known.update):
                best[key] = decision
    return [
        replace(decision, verdict="not_selected", reason=f"superseded by {chosen.update.version}")
        if decision.verdict == "approved" and (chosen := best[decision.update.key[:3]]) is not decision
        else decision
        for decision in decisions
    ]
