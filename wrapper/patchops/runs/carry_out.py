# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an attempt: on record before it starts, watched while it runs, its lease renewed, until it is gone."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from ansible_collections.patchops.fleet.plugins.plugin_utils.store import read_host_document
from patchops.errors import FenceError
from patchops.runner import process
from patchops.runner.cancellation import Cancellation
from patchops.runner.process import Ended
from patchops.runs.attempt import Attempt
from patchops.runs.liveness import LEASE, RENEW_SECONDS
from patchops.runs.prepare import Claim, Surroundings
from patchops.runs.watch import Observer, Watch
from patchops.store.errors import StateError
from patchops.store.run_ledger import Overtaken, RunLedger

Stopping = Callable[[Cancellation], AbstractContextManager[None]]
"""Lets somebody request a stop while the context is open: signals of a terminal, a service's API."""


@dataclass(frozen=True)
class Ran:
    """An attempt whose playbook ended. `on_record` is its number in the ledger."""

    attempt: Attempt
    on_record: int
    watch: Watch
    ended: Ended
    cancellation: Cancellation
    started_at: datetime.datetime


def carry_out(
    claim: Claim,
    ledger: RunLedger,
    around: Surroundings,
    observer: Observer,
    stopping: Stopping,
) -> Ran:
    """Start the attempt's playbook and return when it ended. The caller holds its lock."""
    attempt, started_at = claim.attempt, around.now()
    on_record = _put_on_record(claim, ledger, around, started_at)
    notes = Notes(observer.notice)

    def note_transaction(host: str, transaction_id: str, state: str) -> None:
        if not attempt.request.check:
            notes.keep(lambda: ledger.note_transaction(on_record, host, transaction_id, state, around.now()))

    def end() -> bool:
        return process.end(attempt.files)

    def document_of(host: str) -> Mapping[str, object] | None:
        return read_host_document(attempt.data.store, attempt.inventory.host(host))

    watch = Watch(observer, attempt.hosts, note_transaction, end, document_of)
    deadline = attempt.request.deadline_seconds
    cancellation = Cancellation(
        drains=attempt.request.changes_hosts,
        drain_file=attempt.files.drain,
        announce=watch.announce,
        end=end,
        clock=time.monotonic,
        deadline=None if deadline is None else time.monotonic() + deadline,
    )
    lease = Lease(lambda: ledger.renew(on_record, around.now(), LEASE), observer.notice, cancellation.request)

    def poll() -> bool:
        lease.renew()
        return cancellation.poll()

    observer.started(attempt.run_id, attempt.hosts, claim.resumed)
    with stopping(cancellation):
        ended = process.run(attempt.launch(), attempt.files, watch.on_event, poll)
    return Ran(attempt, on_record, watch, ended, cancellation, started_at)


def _put_on_record(claim: Claim, ledger: RunLedger, around: Surroundings, now: datetime.datetime) -> int:
    attempt = claim.attempt
    folder = str(attempt.files.root)
    try:
        return ledger.begin(attempt.record, folder, around.worker, now, LEASE, claim.looked_at)
    except Overtaken as error:
        hosts = ", ".join(error.hosts[:5]) + (" and more" if len(error.hosts) > 5 else "")
        raise FenceError(
            f"Run {error.run_id} began on {hosts} a moment ago.",
            "Wait for it, or stop it with Ctrl-C or `kill -TERM`. Nothing was started.",
        ) from None


@dataclass
class Notes:
    """Keeps what is heard of hosts. A database that can't be used is told once, and the run goes on."""

    notice: Callable[[str], None]
    _told: bool = field(default=False)

    def keep(self, note: Callable[[], None]) -> None:
        try:
            note()
        except StateError as error:
            if not self._told:
                self.notice(
                    f"{error.message} The run goes on; states of transactions are not on record."
                    f" {error.remedy}"
                )
            self._told = True


@dataclass
class Lease:
    """Renews the lease of a running attempt, and asks for a stop when another process has taken it over.

    A database that can't be reached for a while is no reason to stop: the transactions go on, and the next
    renewal may succeed.
    """

    renewed: Callable[[], bool]
    notice: Callable[[str], None]
    stop: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    _next: float = field(default=0.0)
    _lost: bool = field(default=False)

    def renew(self) -> None:
        if self._lost or self.clock() < self._next:
            return
        self._next = self.clock() + RENEW_SECONDS
        try:
            self._lost = not self.renewed()
        except StateError:
            return
        if self._lost:
            self.notice(
                "Another patchops process counts this run as interrupted: its lease had ended."
                " No further batch is started here."
            )
            self.stop()
