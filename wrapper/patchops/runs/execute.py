# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a request: look first, put it on record, start, watch, report."""

from __future__ import annotations

import datetime
import os
import secrets
import time
from collections.abc import Sequence

from patchops.errors import InputError, OutcomeUnknownError
from patchops.paths import DataDirectory
from patchops.runner import environment, fence, process
from patchops.runner.cancellation import Cancellation, signals_request
from patchops.runner.inventory import absolute_sources, resolve_hosts
from patchops.runs.attempt import Attempt
from patchops.runs.conditions import Condition
from patchops.runs.finish import RunResult, conclude, why_no_report
from patchops.runs.former import settle
from patchops.runs.records import closing
from patchops.runs.request import RunRequest, check_ansible_options
from patchops.runs.watch import Observer, Watch
from patchops.store.database import open_database
from patchops.store.ledger import Ledger, WrapperProcess
from patchops.text import plain


def execute(
    request: RunRequest, data: DataDirectory, observer: Observer, conditions: Sequence[Condition] = ()
) -> RunResult:
    """Run `request` to its report.

    Raises InputError or FenceError when nothing was started, OutcomeUnknownError when processes of this or an
    earlier run don't end, PatchOpsError when what came back can't be believed.
    """
    check_ansible_options(request.ansible_options)
    sources = absolute_sources(request.inventories)
    settings = environment.build(
        os.environ, request.pass_env, environment.collections_root(), request.working_directory
    )
    data.make()
    hosts = resolve_hosts(
        sources, request.pattern, settings, request.vault_secrets, request.vault_options, data.root
    )
    engine = open_database(data.database)
    try:
        ledger = Ledger(engine)
        settle(ledger, ",".join(sources), hosts, request.changes_hosts, observer.notice, _now)
        resumed = ledger.resumable(request.digest) if request.changes_hosts else None
        run_id = resumed or _new_run_id(request.playbook)
        number = ledger.attempts_of(run_id) + 1
        attempt = Attempt(request, data, run_id, number, sources, hosts, settings)
        return _carry_out(attempt, resumed is not None, ledger, observer, conditions)
    finally:
        engine.dispose()


def _carry_out(
    attempt: Attempt, resumed: bool, ledger: Ledger, observer: Observer, conditions: Sequence[Condition]
) -> RunResult:
    attempt.prepare()
    started_at = _now()
    me = WrapperProcess(os.getpid(), fence.started_ticks(os.getpid()))
    on_record = ledger.begin(attempt.record, str(attempt.files.root), me, started_at)

    def note_transaction(host: str, transaction_id: str, state: str) -> None:
        if not attempt.request.check:
            ledger.note_transaction(on_record, host, transaction_id, state, _now())

    def end() -> bool:
        return process.end(attempt.files)

    watch = Watch(observer, attempt.hosts, note_transaction, end)
    deadline = attempt.request.deadline_seconds
    cancellation = Cancellation(
        drains=attempt.request.changes_hosts,
        drain_file=attempt.files.drain,
        announce=watch.announce,
        end=end,
        clock=time.monotonic,
        deadline=None if deadline is None else time.monotonic() + deadline,
    )
    observer.started(attempt.run_id, attempt.hosts, resumed)
    with signals_request(cancellation):
        ended = process.run(attempt.launch(), attempt.files, watch.on_event, cancellation.poll)
    if not ended.gone:
        # The attempt stays open on record; the next call finds who holds its lock.
        raise _left_behind(attempt)
    finished_at = _now()
    result = conclude(attempt, watch, ended, cancellation, conditions, started_at, finished_at)
    ledger.close(on_record, closing(result.report, result.verdict, ended.returncode), finished_at)
    for error in ended.handler_errors[:1]:
        observer.notice(f"Progress was not shown in full, a defect: {plain(error)}")
    if watch.fatal is not None:
        raise watch.fatal
    if not watch.asked_any_host and not cancellation.requested and result.verdict.status == "unknown":
        raise InputError(
            f"The playbook did not run: {why_no_report(attempt, watch, ended, cancellation)}",
            f"No host was touched. All that Ansible printed is in {attempt.files.log}.",
        )
    return result


def _left_behind(attempt: Attempt) -> OutcomeUnknownError:
    pids = ", ".join(str(holder.pid) for holder in fence.holders(attempt.files.lock))
    return OutcomeUnknownError(
        f"Processes of run {attempt.run_id} do not end (pids {pids}).",
        "Look at them and end them, then run the same command again.",
    )


def _new_run_id(playbook: str) -> str:
    """A run id that sorts by time and says what ran: `20261122-101500-patch-3f9a`."""
    return f"{_now():%Y%m%d-%H%M%S}-{playbook}-{secrets.token_hex(2)}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
