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

from patchops.errors import FenceError, OutcomeUnknownError
from patchops.runner import fence
from patchops.runner.process import AttemptFiles, end
from patchops.store.ledger import Ledger, OpenAttempt, WrapperProcess


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


def settle(
    ledger: Ledger,
    inventory: str,
    hosts: Sequence[str],
    changes_hosts: bool,
    notice: Callable[[str], None],
    now: Callable[[], datetime.datetime],
) -> None:
    """Close the record of attempts whose processes are gone, and end those whose wrapper is gone.

    Raises FenceError when a living wrapper works on any of `hosts`, and OutcomeUnknownError when the
    playbook of a dead one can't be ended; in both cases nothing of the new run was started. A run that
    changes nothing (`changes_hosts` false) waits for nobody.
    """
    for attempt in ledger.open_attempts():
        files = AttemptFiles(Path(attempt.directory))
        shared = tuple(sorted(set(hosts) & attempt.hosts)) if attempt.inventory == inventory else ()
        in_the_way = bool(shared) and changes_hosts and attempt.changes_hosts
        if _lives(attempt.wrapper):
            if in_the_way:
                raise FenceError(
                    f"{Conflict(attempt, shared)} is still going on (pid {attempt.wrapper.pid}).",
                    "Wait for it, or stop it with Ctrl-C or `kill -TERM`. Nothing was started.",
                )
            continue
        if fence.held(files.lock):
            if not in_the_way:
                continue
            _end_orphan(attempt, files, notice)
        ledger.mark_interrupted(attempt.attempt_id, now())


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


def _lives(wrapper: WrapperProcess) -> bool:
    ticks = fence.started_ticks(wrapper.pid)
    return ticks is not None and ticks == wrapper.started_ticks
