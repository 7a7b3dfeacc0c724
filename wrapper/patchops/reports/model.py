# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as the wrapper reads it.

The document was written by the engine, but its words come from hosts: every field is brought to its type
here, so that what renders it need not ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import patchops
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.run_report import bucket
from patchops.errors import PatchOpsError

KIND = "patchops.report"
_RESULTS = ("done", "stopped", "failed", "unknown")


@dataclass(frozen=True)
class Change:
    """One package that a host's plan changes; `before` or `after` is empty where it is not installed."""

    name: str
    arch: str
    action: str
    before: str
    after: str
    security: bool


@dataclass(frozen=True)
class Check:
    """One check of the verification."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Lasting:
    """A package of a plan that packages don't take back; `way_back` is snapshot_only or forward_only."""

    name: str
    way_back: str
    reason: str


@dataclass(frozen=True)
class KeptBack:
    """A package that the plan left out though nobody holds it; `security`: it closes security holes."""

    name: str
    reason: str
    security: bool


@dataclass(frozen=True)
class HostReport:
    """One host's part of a report; `bucket` is the total it is counted in.

    `held`, `kept_back`: what the plan left out; `missing_security`: the names of those that close holes.
    """

    host: str
    bucket: str
    outcome_class: str
    code: str
    message: str
    remedy: str
    step: str
    touched: bool
    lost: bool
    batch: int | None
    os: str
    platform: str
    transaction_id: str
    transaction_state: str
    changes: tuple[Change, ...]
    lasting: tuple[Lasting, ...]
    held: tuple[str, ...]
    kept_back: tuple[KeptBack, ...]
    missing_security: tuple[str, ...]
    blocked: tuple[str, ...]
    pending_total: int | None
    pending_security: int | None
    effective: str
    reboot_required: bool | None
    reboot_done: bool
    kernel: str
    security_source: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Gate:
    """A decision before a batch."""

    at: str
    batch: str
    open: bool
    reason: str


@dataclass(frozen=True)
class Report:
    """One run, told by the engine."""

    run_id: str
    playbook: str
    started_at: str
    finished_at: str
    check_mode: bool
    result: str
    gates: tuple[Gate, ...]
    budget_max: int | None
    budget_lost: int | None
    patch_set_id: str
    hosts: tuple[HostReport, ...]


def read_report(document: object, where: str) -> Report:
    """The report in `document`; PatchOpsError when it is none or another engine wrote it."""
    try:
        data = read_document(document, KIND, where)
    except DocumentError as error:
        raise PatchOpsError(f"The report can't be read: {error}") from error
    check_engine_version(data, where)
    check_mode = data.get("check_mode") is True
    budget = _mapping(data.get("budget"))
    return Report(
        run_id=_text(data.get("run_id")),
        playbook=_text(data.get("playbook")),
        started_at=_text(data.get("started_at")),
        finished_at=_text(data.get("finished_at")),
        check_mode=check_mode,
        result=data["result"] if data.get("result") in _RESULTS else "unknown",
        gates=tuple(_gate(gate) for gate in _mappings(data.get("gates"))),
        budget_max=_number(budget.get("max")),
        budget_lost=_number(budget.get("lost")),
        patch_set_id=_text(_mapping(data.get("patch_set")).get("id")),
        hosts=tuple(_host(host, check_mode) for host in _mappings(data.get("hosts"))),
    )


def check_engine_version(document: Mapping[str, Any], where: str) -> None:
    """Refuse a document of another engine: its numbers could mean something else."""
    version = document.get("engine_version")
    if version != patchops.__version__:
        raise PatchOpsError(
            f"{where} was written by engine {version!r}, this wrapper is {patchops.__version__}."
            " The run used another copy of the collection patchops.fleet.",
            "Remove that copy or install the same version on both sides.",
        )


def _host(entry: Mapping[str, Any], check_mode: bool) -> HostReport:
    outcome = _mapping(entry.get("outcome"))
    transaction = _mapping(entry.get("transaction"))
    pending = _mapping(entry.get("pending"))
    reboot = _mapping(entry.get("reboot"))
    system = _mapping(entry.get("os"))
    source = entry.get("security_source")
    return HostReport(
        host=_text(entry.get("host")),
        bucket=_bucket(entry, outcome, check_mode),
        outcome_class=_text(outcome.get("class")) or "unknown",
        code=_text(outcome.get("code")),
        message=_text(outcome.get("message")),
        remedy=_text(outcome.get("remedy")),
        step=_text(entry.get("step")),
        touched=entry.get("touched") is True,
        lost=entry.get("lost") is True,
        batch=_number(entry.get("batch")),
        os=_system(system),
        platform=_text(entry.get("platform")),
        transaction_id=_text(transaction.get("id")),
        transaction_state=_text(transaction.get("state")),
        changes=tuple(_change(change) for change in _mappings(entry.get("changes"))),
        lasting=_lasting(_mapping(entry.get("way_back"))),
        held=_names([one for one in _list(entry.get("held")) if _is_held(one)]),
        kept_back=_kept_back([one for one in _mappings(entry.get("held")) if not _is_held(one)]),
        missing_security=_names([one for one in _mappings(entry.get("held")) if one.get("security") is True]),
        blocked=_names(entry.get("blocked")),
        pending_total=_number(pending.get("total")),
        pending_security=_number(pending.get("security")),
        effective=_text(entry.get("effective")) or "unknown",
        reboot_required=reboot.get("required") if isinstance(reboot.get("required"), bool) else None,
        reboot_done=reboot.get("done") is True,
        kernel=_text(reboot.get("kernel")),
        security_source=_text(_mapping(source).get("status") if isinstance(source, Mapping) else source),
        checks=tuple(_check(check) for check in _mappings(_mapping(entry.get("verification")).get("checks"))),
    )


def _bucket(entry: Mapping[str, Any], outcome: Mapping[str, Any], check_mode: bool) -> str:
    try:
        return bucket(entry, check_mode=check_mode)
    except (KeyError, TypeError, AttributeError):
        return _text(outcome.get("class")) or "unknown"


def _system(system: Mapping[str, Any]) -> str:
    name, version = _text(system.get("name") or system.get("id")), _text(system.get("version_id"))
    return name if version in name else f"{name} {version}"


def _change(change: Mapping[str, Any]) -> Change:
    return Change(
        name=_text(change.get("name")),
        arch=_text(change.get("arch")),
        action=_text(change.get("action")),
        before=_text(change.get("from")),
        after=_text(change.get("to")),
        security=change.get("security") is True,
    )


def _lasting(found: Mapping[str, Any]) -> tuple[Lasting, ...]:
    return tuple(
        Lasting(_text(one.get("name")), way_back, _text(one.get("reason")))
        for way_back in ("snapshot_only", "forward_only")
        for one in _mappings(found.get(way_back))
    )


def _check(check: Mapping[str, Any]) -> Check:
    return Check(_text(check.get("check")), check.get("ok") is True, _text(check.get("detail")))


def _gate(gate: Mapping[str, Any]) -> Gate:
    return Gate(
        at=_text(gate.get("at")),
        batch=_text(gate.get("batch")),
        open=gate.get("open") is True,
        reason=_text(gate.get("reason")),
    )


def _is_held(value: object) -> bool:
    """Whether a package that was left out is held on the host; former reports don't tell the cause."""
    return not isinstance(value, Mapping) or value.get("cause") in (None, "hold")


def _kept_back(left_out: list[Mapping[str, Any]]) -> tuple[KeptBack, ...]:
    return tuple(
        KeptBack(_text(one.get("name")), _text(one.get("reason")), one.get("security") is True)
        for one in left_out
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _names(value: object) -> tuple[str, ...]:
    """Held and blocked packages are names, or objects with a name and a reason."""
    if not isinstance(value, list):
        return ()
    return tuple(_text(item.get("name")) if isinstance(item, Mapping) else _text(item) for item in value)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
