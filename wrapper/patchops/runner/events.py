# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of ansible-runner, reduced to what this program looks at.

The data comes from hosts by way of Ansible: every access tolerates a missing key or another type, and
nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patchops.text import plain

COLLECTION = "patchops.fleet."
_RESULTS = {
    "runner_on_ok": False,
    "runner_on_failed": True,
    "runner_on_unreachable": True,
}


@dataclass(frozen=True)
class TaskStarted:
    """A task of ours begins on a host."""

    host: str
    action: str


@dataclass(frozen=True)
class TaskResult:
    """A task ended on a host. `action` is the short name for our own actions, the full one for others.

    For others than ours only failures are kept, with Ansible's message; `outcome_class` is then `failed` or
    `unreachable`.
    """

    host: str
    action: str
    ours: bool
    outcome_class: str
    code: str
    message: str
    remedy: str
    summary: str
    transaction_id: str | None
    transaction_state: str | None
    document: str | None
    result: Mapping[str, object]


@dataclass(frozen=True)
class Complaint:
    """Ansible's own words, outside of any task: an error or a warning."""

    level: str
    message: str


Event = TaskStarted | TaskResult | Complaint


def parse(raw: Mapping[str, object]) -> Event | None:
    """The part of a raw event that matters, or None."""
    kind = _text(raw.get("event"))
    data = _mapping(raw.get("event_data"))
    if kind in ("error", "warning", "system_warning"):
        return Complaint(level="error" if kind == "error" else "warning", message=_text(raw.get("stdout")))
    host = _text(data.get("host"))
    full_action = _text(data.get("resolved_action") or data.get("task_action"))
    ours = full_action.startswith(COLLECTION)
    action = full_action.removeprefix(COLLECTION)
    if kind == "runner_on_start" and ours:
        return TaskStarted(host=host, action=action)
    if kind not in _RESULTS or not host:
        return None
    if not ours and (not _RESULTS[kind] or data.get("ignore_errors") is True or _tells_the_end(data)):
        return None
    return _result(host, action, ours, kind, _mapping(data.get("res")))


def _tells_the_end(data: Mapping[str, object]) -> bool:
    """A task of the report's role fails where the run failed.

    That is no news of the host that it stands on.
    """
    return _text(data.get("resolved_role") or data.get("role")).endswith("patchops_report")


def _result(host: str, action: str, ours: bool, kind: str, result: Mapping[str, object]) -> TaskResult:
    # Only our own actions check what a host answers; of other modules nothing is believed but their message.
    outcome = _mapping(result.get("outcome")) if ours else {}
    transaction = _mapping(result.get("transaction")) if ours else {}
    fallback = {"runner_on_ok": "ok", "runner_on_failed": "failed", "runner_on_unreachable": "unreachable"}[
        kind
    ]
    return TaskResult(
        host=host,
        action=action,
        ours=ours,
        outcome_class=_text(outcome.get("class")) or fallback,
        code=_text(outcome.get("code")),
        message=_text(outcome.get("message")) or plain(_text(result.get("msg"))),
        remedy=_text(outcome.get("remedy")),
        summary=_text(result.get("summary")),
        transaction_id=_text(transaction.get("id")) or None,
        transaction_state=_text(transaction.get("state")) or None,
        document=_text(result.get("document")) or None,
        result=result,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
