# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A due date in words and as part of a findings document: rule, inputs, start of the clock."""

from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Due, Obligations
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import NO_FIX, Deadline

NO_VULNERABILITY = "it fixes no vulnerability, so no deadline of one applies"
NO_RULE = "no rule of the policy sets a due date for this finding"


def deadline_document(deadline: Deadline) -> dict[str, Any]:
    """One rule's demand as JSON: rule, vulnerability, timeline, due, clock_start, clock, inputs."""
    document: dict[str, Any] = {
        "rule": deadline.rule,
        "vulnerability": deadline.vulnerability,
        "timeline": deadline.timeline,
        "due": deadline.due.isoformat() if deadline.due else None,
        "clock_start": deadline.clock_start.isoformat() if deadline.clock_start else None,
        "clock": deadline.clock_reason,
        "inputs": dict(deadline.inputs),
    }
    if deadline.note:
        document["note"] = deadline.note
    return document


def obligations_document(demanded: Obligations) -> dict[str, Any]:
    """What the rules demand: the governing rule's parts at the top, the other rules under ``also``."""
    governing = demanded.governing
    head: dict[str, Any] = deadline_document(governing) if governing else {"rule": None}
    head["also"] = [deadline_document(deadline) for deadline in demanded.strictest[1:]]
    head["forensic_investigation"] = list(demanded.forensic)
    head["kev_due_date"] = demanded.kev_due.isoformat() if demanded.kev_due else None
    head["waits_for_fix"] = demanded.waits_for_fix
    return head


def due_document(due: Due, demanded: dict[str, Any]) -> dict[str, Any]:
    """The ``urgency`` object of a finding; ``demanded`` is obligations_document() of the same obligations."""
    document = {**demanded, "due": due.day.isoformat() if due.day else None}
    document["kev_due_date_differs"] = bool(due.obligations.kev_due and due.obligations.kev_due != due.day)
    document["explanation"] = explain(due)
    if due.promised is not None:
        document["promised"] = {
            "due": due.promised.due.isoformat() if due.promised.due else None,
            "recorded_at": due.promised.recorded_at.isoformat(),
            "by": due.promised.explanation,
        }
    if due.act is not None:
        document["act"] = {
            "kind": due.act.kind,
            "by": due.act.by,
            "approver": due.act.approver,
            "reason": due.act.reason,
            "at": due.act.at.isoformat(),
        }
    return document


def explain(due: Due) -> str:
    """One line a person can check by hand."""
    parts = [_explain_rules(due.obligations)]
    if due.promised is not None and due.promised.due is not None:
        parts.append(
            f"stays at {due.promised.due.isoformat()}, first given on "
            f"{due.promised.recorded_at.isoformat()}: it moves later only by a recorded act"
        )
    if due.act is not None and due.day is not None:
        parts.append(f"moved to {due.day.isoformat()}, {due.act}")
    if due.obligations.forensic:
        parts.append("a forensic investigation is demanded for " + ", ".join(due.obligations.forensic))
    kev_due = due.obligations.kev_due
    if kev_due and kev_due != due.day:
        parts.append(f"CISA's catalogue itself says {kev_due.isoformat()}")
    return "; ".join(parts)


def _explain_rules(demanded: Obligations) -> str:
    governing = demanded.governing
    if governing is None and demanded.no_vulnerability:
        return NO_VULNERABILITY
    if governing is None:
        return NO_FIX if demanded.waits_for_fix else NO_RULE
    inputs = ", ".join(f"{name}: {value}" for name, value in governing.inputs.items())
    rule = f"{governing.rule} ({governing.note})" if governing.note else governing.rule
    what = f"{rule}, {governing.timeline} for {governing.vulnerability} ({inputs})"
    if governing.clock_start is None:
        return f"{what}; {governing.clock_reason}"
    if governing.due is None:
        return f"{what}: at the next scheduled major upgrade or rebuild, no calendar date"
    return (
        f"due {governing.due.isoformat()}: {what}, "
        f"counted from {governing.clock_start.isoformat()} ({governing.clock_reason})"
    )
