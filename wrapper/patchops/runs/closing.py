# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a report to rows: what is put on record at the end of an attempt. Pure."""

from __future__ import annotations

from patchops.reports.model import HostReport, Report
from patchops.runs.outcome import Verdict
from patchops.store.run_ledger import Closing, HostFacts, Result


def closing(report: Report, verdict: Verdict, returncode: int | None) -> Closing:
    """The record of a run's end."""
    return Closing(
        status=verdict.status,
        exit_code=int(verdict.exit_code),
        returncode=returncode,
        reason=verdict.reason,
        patch_set_id=report.patch_set_id or None,
        facts=[_facts(host) for host in report.hosts if host.pending_total is not None or host.os],
        results=[_result(host) for host in report.hosts],
    )


def _facts(host: HostReport) -> HostFacts:
    return HostFacts(
        name=host.host,
        os=host.os or None,
        platform=host.platform or None,
        security_source=host.security_source or None,
        pending_total=host.pending_total,
        pending_security=host.pending_security,
        reboot_required=_reboot_required(host),
        effective=host.effective,
    )


def _reboot_required(host: HostReport) -> bool | None:
    # The report says whether a reboot was called for; once it is done and in effect it no longer is.
    return False if host.reboot_done and host.effective == "yes" else host.reboot_required


def _result(host: HostReport) -> Result:
    return Result(
        name=host.host,
        outcome_class=host.outcome_class,
        code=host.code,
        message=host.message,
        remedy=host.remedy,
        step=host.step or None,
        touched=host.touched,
        lost=host.lost,
        changes=len(host.changes),
    )
