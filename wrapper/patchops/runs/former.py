# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of earlier attempts that have no end on record.

The wrapper may have been killed while its playbook went on. Before the same hosts are worked on again, that
playbook is proven to be gone: by the lock that it and its workers hold.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, WorkerId
from patchops.errors import FenceError, OutcomeUnknownError
from patchops.runner import fence
from patchops.runner.process import AttemptFiles, end
from patchops.runs.liveness import lives, same_machine
from patchops.store.run_ledger import OpenAttempt, RunLedger


@dataclass(frozen=True)
class Conflict:
    """An open attempt on hosts that are wanted now."""

    attempt: OpenAttempt
    hosts: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(self.hosts[:5]) + (
            f" and {len(self.hosts) - 5} more" if len(self.hosts) > 5 else ""
        )
        started = self.attempt.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"run {self.attempt.run_id} ({self.attempt.playbook}, started {started}) on {names}"


@dataclass(frozen=True)
class Wanted:
    """What a run is about to work on."""

    inventory: Inventory
    hosts: Sequence[str]
    changes_hosts: bool


def settle(
    ledger: RunLedger,
    wanted: Wanted,
    here: WorkerId,
    notice: Callable[[str], None],
    now: Callable[[], datetime.datetime],
) -> set[int]:
    """Close the record of attempts whose processes are gone, and end those whose worker is gone.

    Raises FenceError when a living worker works on any of the wanted hosts, and OutcomeUnknownError when the
    playbook of a dead one can't be ended; in both cases nothing of the new run was started. A run that
    changes nothing waits for nobody. Returns the attempts that are still open and not in the way.
    """
    still_open: set[int] = set()
    for attempt in ledger.open_attempts(now()):
        shared = _shared(ledger, attempt, wanted)
        if lives(attempt, here):
            if shared:
                raise FenceError(
                    f"{Conflict(attempt, shared)} is still going on ({_where(attempt.worker, here)}).",
                    "Wait for it, or stop it with Ctrl-C or `kill -TERM`. Nothing was started.",
                )
            still_open.add(attempt.attempt_id)
            continue
        files = AttemptFiles(Path(attempt.directory))
        if fence.held(files.lock):
            if not shared:
                still_open.add(attempt.attempt_id)
                continue
            _end_orphan(attempt, files, notice)
        elif shared and attempt.worker.id and not same_machine(attempt.worker, here):
            notice(
                f"{Conflict(attempt, shared)} was not heard of since its lease ended"
                f" ({_where(attempt.worker, here)}). It counts as interrupted; transactions on hosts go on."
            )
        ledger.mark_interrupted(attempt.attempt_id, now())
    return still_open


def _shared(ledger: RunLedger, attempt: OpenAttempt, wanted: Wanted) -> tuple[str, ...]:
    """The hosts that both would change, as far as the inventories can mean the same by a name."""
    if not (wanted.changes_hosts and attempt.changes_hosts and attempt.inventory.overlaps(wanted.inventory)):
        return ()
    return tuple(ledger.hosts_among(attempt.attempt_id, wanted.hosts))


def _where(worker: WorkerId, here: WorkerId) -> str:
    return f"pid {worker.pid}" if not worker.id or same_machine(worker, here) else str(worker)


def _end_orphan(attempt: OpenAttempt, files: AttemptFiles, notice: Callable[[str], None]) -> None:
    pids = ", ".join(str(holder.pid) for holder in fence.holders(files.lock)) or "not visible to this user"
    notice(
        f"Run {attempt.run_id} lost its patchops process, but its playbook still works (pids {pids})."
        " It is ended now; transactions on hosts go on, and this run attaches to them."
    )
    if not end(files):
        raise OutcomeUnknownError(
            f"The playbook of run {attempt.run_id} does not end (pids {pids}).",
            "Look at these processes, end them, and run the same command again. Nothing new was started.",
        )
