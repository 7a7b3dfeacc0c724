# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finished run means: its status on record and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from patchops.errors import ExitCode
from patchops.reports.model import Report
from patchops.runs.conditions import Condition
from patchops.text import plain

_FAILED = frozenset({"failed", "refused", "reverted", "unreachable"})


@dataclass(frozen=True)
class Verdict:
    """`status` is done, stopped, failed, unknown or interrupted; `reason` says why it is not done."""

    status: str
    exit_code: ExitCode
    reason: str


def judge(
    report: Report,
    *,
    salvaged: bool,
    interrupted: bool,
    why_salvaged: str,
    conditions: Sequence[Condition] = (),
) -> Verdict:
    """The verdict on a run.

    `salvaged`: the playbook ended without a report, so what it did is not known in full. `interrupted`: a
    person or a signal asked to stop; when everything was done all the same, that counts.
    `conditions` are asked last, of a run that is done.
    """
    left_out = report.result == "stopped" or any(host.bucket == "not_started" for host in report.hosts)
    if interrupted and (salvaged or left_out):
        return Verdict("interrupted", ExitCode.INTERRUPTED, "Stopped on request.")
    if salvaged:
        return Verdict("unknown", ExitCode.UNKNOWN, why_salvaged)
    closed = [gate.reason for gate in report.gates if not gate.open]
    if report.result == "stopped":
        return Verdict("stopped", ExitCode.STOPPED, closed[-1] if closed else "A gate was closed.")
    unknown = _names(report, {"unknown"})
    if unknown or report.result == "unknown":
        return Verdict("unknown", ExitCode.UNKNOWN, f"State unknown: {unknown}." if unknown else "No result.")
    if failed := _names(report, _FAILED):
        return Verdict("failed", ExitCode.HOSTS_FAILED, f"Not as it should be: {failed}.")
    for condition in conditions:
        if reason := condition(report):
            return Verdict("done", ExitCode.HOSTS_FAILED, reason)
    return Verdict("done", ExitCode.DONE, _left(report))


def complete(verdict: Verdict, report: Report, asked_for: Sequence[str]) -> Verdict:
    """The verdict on a run whose report has to name just the hosts that were asked for.

    A report of fewer hosts, or of others, says nothing of the run, however good it looks.
    """
    told = [host.host for host in report.hosts]
    missing = [host for host in asked_for if host not in set(told)]
    strange = [host for host in told if host not in set(asked_for)]
    if not missing and not strange and len(told) == len(set(told)):
        return verdict
    parts = [f"{len(asked_for)} hosts were asked for and the report tells of {len(told)}"]
    parts += [
        f"{what}: {_first(names)}" for what, names in (("missing", missing), ("strange", strange)) if names
    ]
    reason = f"The report can't be believed: {'; '.join(parts)}."
    if verdict.exit_code in (ExitCode.DONE, ExitCode.HOSTS_FAILED):
        return Verdict("unknown", ExitCode.UNKNOWN, reason)
    return Verdict(verdict.status, verdict.exit_code, f"{verdict.reason} {reason}".strip())


def _first(names: Sequence[str]) -> str:
    return ", ".join(plain(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")


def _left(report: Report) -> str:
    """What is left to be done after a run that did all that it could."""
    if late := _names(report, {"not_effective"}):
        return f"Not in effect yet: {late}."
    kept = ", ".join(host.host for host in report.hosts if host.bucket == "pending" and host.blocked)
    lacking = ", ".join(host.host for host in report.hosts if host.missing_security)
    parts = [f"Updates are blocked until cleanup on {kept}."] if kept else []
    parts += [f"Security updates are kept back on {lacking}."] if lacking else []
    return " ".join(parts)


def _names(report: Report, buckets: Collection[str]) -> str:
    """The hosts in `buckets`; one that was taken back because that was asked for is as it should be."""
    asked_for = ("reverted", "ok")
    return ", ".join(
        host.host
        for host in report.hosts
        if host.bucket in buckets and (host.bucket, host.outcome_class) != asked_for
    )
