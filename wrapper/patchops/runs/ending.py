# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""End an interrupted run that nobody is going to take up again."""

from __future__ import annotations

import datetime
from pathlib import Path

from sqlalchemy import Engine

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import WorkerId
from patchops.errors import FenceError, InputError
from patchops.runner import fence
from patchops.runner.process import AttemptFiles
from patchops.runs.liveness import lives
from patchops.store import interrupted
from patchops.store.queries import find_run
from patchops.store.run_ledger import RunLedger


def close(engine: Engine, run_id: str, reason: str, here: WorkerId, now: datetime.datetime) -> list[str]:
    """Close a run on record and return the hosts that it left unfinished; no host is asked.

    Raises InputError for a run that isn't interrupted, FenceError for one that a process still works on.
    """
    run = find_run(engine, run_id)
    if run is None:
        raise InputError(f"No run {run_id!r} is on record.", "`patchops status` lists the runs.")
    _settle(RunLedger(engine), run_id, here, now)
    left = interrupted.close(engine, run_id, reason, now)
    if left is None:
        run = find_run(engine, run_id) or run
        raise InputError(
            f"Run {run_id} is {run.status}: only a run that was interrupted is closed.",
            "Nothing was changed.",
        )
    return left


def _settle(ledger: RunLedger, run_id: str, here: WorkerId, now: datetime.datetime) -> None:
    """Put on record that attempts at the run were interrupted whose processes are all gone."""
    for attempt in ledger.open_attempts(now):
        if attempt.run_id != run_id:
            continue
        if lives(attempt, here):
            raise FenceError(
                f"Run {run_id} is still going on ({attempt.worker}).",
                "Wait for it, or stop it with Ctrl-C or `kill -TERM`. Nothing was changed.",
            )
        lock = AttemptFiles(Path(attempt.directory)).lock
        if fence.held(lock):
            pids = ", ".join(str(holder.pid) for holder in fence.holders(lock)) or "not visible to this user"
            raise FenceError(
                f"Run {run_id} lost its patchops process, but its playbook is still going on (pids {pids}).",
                "Wait for it, or end it with `kill -TERM`. Nothing was changed.",
            )
        ledger.mark_interrupted(attempt.attempt_id, now)
