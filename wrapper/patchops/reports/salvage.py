# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for a run whose own never came: what was seen of each host, and no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.plugin_utils.report_entry import HostEntry
from ansible_collections.patchops.fleet.plugins.plugin_utils.run_report import build_report
from patchops.runner.progress import HostProgress

_BEFORE_A_CHANGE = frozenset({"waiting", "asked", "scanned", "staged"})


def salvaged_report(
    run: dict[str, Any],
    hosts: Sequence[HostProgress],
    finished_at: str,
    check_mode: bool,
    changes_hosts: bool,
) -> dict[str, Any]:
    """The report of a run that was cut off. `run`: {run_id, playbook, started_at}.

    Its result is `unknown`; hosts that nothing had been changed on are `not_started`, others with a
    transaction that was under way are `unknown`.
    """
    report = build_report(
        run={**run, "budget_max": len(hosts)},
        entries=[_entry(host, changes_hosts and not check_mode) for host in hosts],
        gates=[],
        patch_set=None,
        finished_at=finished_at,
        check_mode=check_mode,
    )
    report["result"] = "unknown"
    return report


def _entry(host: HostProgress, changes_hosts: bool) -> dict[str, Any]:
    transaction = {"id": host.transaction_id, "state": host.transaction_state}
    touched = host.transaction_in_progress or host.step not in _BEFORE_A_CHANGE
    return HostEntry(
        host=host.host,
        outcome=_outcome(host, changes_hosts),
        step=host.step,
        touched=touched,
        lost=touched and host.outcome_class != "ok",
        transaction=transaction if host.transaction_id else None,
    ).as_dict()


def _outcome(host: HostProgress, changes_hosts: bool) -> dict[str, str]:
    if host.outcome_class not in ("", "ok"):
        return {
            "class": host.outcome_class,
            "code": host.code,
            "message": host.message,
            "remedy": host.remedy,
        }
    if host.step == "verified":
        return make_outcome("done", host.message)
    before_a_change = host.step in _BEFORE_A_CHANGE and not host.transaction_in_progress
    if host.step == "waiting" or (changes_hosts and before_a_change):
        return make_outcome(
            "not_started",
            f"{host.host}: the run was cut off before anything was changed there.",
            "Run the same command again.",
        )
    return make_outcome(
        "outcome_unknown",
        f"{host.host}: the run was cut off after the step {host.step!r}; a transaction goes on without it.",
        "Run the same command again: it asks the host what became of it.",
    )
