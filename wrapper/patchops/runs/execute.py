# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a request: look first, put it on record, run, conclude.

Knows of no terminal and no signals: an observer is told what happens, and `stopping` says who can request a
stop. So the command line calls it, and a service can.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from contextlib import nullcontext

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import this_worker
from patchops.errors import InputError, OutcomeUnknownError
from patchops.paths import DataDirectory
from patchops.runner import fence
from patchops.runner.cancellation import Cancellation
from patchops.runs.attempt import Attempt
from patchops.runs.carry_out import Ran, Stopping, carry_out
from patchops.runs.closing import closing
from patchops.runs.conditions import Condition
from patchops.runs.finish import RunResult, conclude, why_no_report
from patchops.runs.prepare import Surroundings, claim, look
from patchops.runs.request import RunRequest
from patchops.runs.watch import Observer
from patchops.store.database import open_state
from patchops.store.errors import StateError
from patchops.store.run_ledger import RunLedger
from patchops.text import plain


def nobody_stops(_cancellation: Cancellation) -> nullcontext[None]:
    """Nobody can request a stop."""
    return nullcontext()


def execute(
    request: RunRequest,
    data: DataDirectory,
    observer: Observer,
    conditions: Sequence[Condition] = (),
    stopping: Stopping = nobody_stops,
) -> RunResult:
    """Run `request` to its report.

    Raises InputError or FenceError when nothing was started, OutcomeUnknownError when processes of this or an
    earlier run don't end, PatchOpsError when what came back can't be believed.
    """
    around = Surroundings(data, os.environ, this_worker(), _now)
    looked_at = look(request, around)
    engine = open_state(data)
    try:
        ledger = RunLedger(engine)
        claimed = claim(looked_at, ledger, around, observer.notice)
        claimed.attempt.prepare()
        with fence.holding(claimed.attempt.files.worker_lock):
            ran = carry_out(claimed, ledger, around, observer, stopping)
            return _conclude(ran, ledger, observer, conditions)
    finally:
        engine.dispose()


def _conclude(ran: Ran, ledger: RunLedger, observer: Observer, conditions: Sequence[Condition]) -> RunResult:
    attempt, watch, ended, cancellation = ran.attempt, ran.watch, ran.ended, ran.cancellation
    if not ended.gone:
        # The attempt stays open on record; the next call finds who holds its lock.
        raise _left_behind(attempt)
    finished_at = _now()
    result = conclude(attempt, watch, ended, cancellation, conditions, ran.started_at, finished_at)
    try:
        ledger.close(ran.on_record, closing(result.report, result.verdict, ended.returncode), finished_at)
    except StateError as error:
        raise _not_on_record(result, error) from error
    for defect in ended.handler_errors[:1]:
        observer.notice(f"Progress was not shown in full, a defect: {plain(defect)}")
    if watch.fatal is not None:
        raise watch.fatal
    if not watch.asked_any_host and not cancellation.requested and result.verdict.status == "unknown":
        raise InputError(
            f"The playbook did not run: {why_no_report(attempt, watch, ended, cancellation)}",
            f"No host was touched. All that Ansible printed is in {attempt.files.log}.",
        )
    return result


def _not_on_record(result: RunResult, error: StateError) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"Run {result.run_id} ended as {result.verdict.status}, and its end could not be put on record."
        f" {error.message} Its report is complete: {result.page}",
        error.remedy,
    )


def _left_behind(attempt: Attempt) -> OutcomeUnknownError:
    pids = ", ".join(str(holder.pid) for holder in fence.holders(attempt.files.lock))
    return OutcomeUnknownError(
        f"Processes of run {attempt.run_id} do not end (pids {pids}).",
        "Look at them and end them, then run the same command again.",
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
