# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the process that started an attempt still lives: told by its lock here, by its lease elsewhere."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import WorkerId
from patchops.runner import fence
from patchops.runner.process import AttemptFiles
from patchops.store.run_ledger import OpenAttempt

LEASE = datetime.timedelta(seconds=120)
RENEW_SECONDS = 20.0


def lives(attempt: OpenAttempt, here: WorkerId) -> bool:
    """Whether the attempt's worker lives. `here`: this process.

    A lock that is held proves that it does. A lock that is free proves that it doesn't, but only on the
    machine where it was taken: another one may see a copy of the file, or none. There the lease tells.
    """
    if not attempt.worker.id:
        return _same_process(attempt)
    lock = AttemptFiles(Path(attempt.directory)).worker_lock
    if fence.held(lock):
        return True
    if _is_ours(lock) and same_machine(attempt.worker, here):
        return False
    return attempt.leased


def _is_ours(lock: Path) -> bool:
    """Whether the lock is here and this user may open it; another user's folder can't be looked into."""
    return os.access(lock, os.R_OK | os.W_OK)


def same_machine(one: WorkerId, other: WorkerId) -> bool:
    """Whether two workers are known to share a machine.

    By machine id and host name: cloned images share the one, machines of two networks the other.
    """
    named = bool(one.machine or one.hostname)
    return named and (one.machine, one.hostname) == (other.machine, other.hostname)


def _same_process(attempt: OpenAttempt) -> bool:
    """Versions up to 0.1 put a pid and its start on record, and no lock."""
    ticks = fence.started_ticks(attempt.worker.pid)
    return ticks is not None and ticks == attempt.started_ticks
