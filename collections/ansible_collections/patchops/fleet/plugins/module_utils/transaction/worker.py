# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs detached on the host: it brings one transaction to the wanted state and ends."""

import os
import signal
import sys
import traceback
from typing import Any, Callable, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    applying,
    inhibit,
    reverting,
    staging,
    states,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    Context,
    Outcome,
    outcome_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.journal import Journal, JournalError
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.paths import StateDirectory

_STEPS: Dict[str, Callable[[Context], Outcome]] = {
    states.STAGING: staging.stage,
    states.APPLYING: applying.apply,
    states.REVERTING: reverting.revert,
}


# In the place of an attempt's goal: only clean up after a worker, however it ended.
RELEASE = "release"


def main(arguments: List[str]) -> int:
    """Run as ``payload.zip ROOT ID ATTEMPT GOAL``; the journal tells what came of it."""
    root, transaction_id, attempt, goal = arguments
    state = StateDirectory(root)
    directory = state.transaction(transaction_id)
    _settle_in(directory.environment, directory.log)
    if goal == RELEASE:
        return _release(state)
    journal = Journal(directory.journal)
    with Lock(state.lock):
        if journal.view().attempt != int(attempt) or journal.view().goal is None:
            return 0  # the caller gave this attempt up, or a later one has taken over
        journal.append("started", attempt=int(attempt), pid=os.getpid())
        try:
            _release_left_overs(state)
            outcome = pursue(Context(state, directory, detect()), goal)
        except DriverError as error:
            outcome = outcome_of(error)
        except Exception as error:
            traceback.print_exc()
            outcome = make_outcome(
                "internal_error",
                f"The worker of transaction {transaction_id} ended by {type(error).__name__}: {error}. "
                f"The transaction is {journal.view().state}.",
                f"Read {directory.log}; call again to go on, or state: reverted to take it back.",
            )
        journal.append("ended", attempt=int(attempt), outcome=outcome)
    return 0


def pursue(context: Context, goal: str) -> Outcome:
    """Do step after step until the goal is reached or out of reach; return the last outcome."""
    outcome = None
    while True:
        view = context.journal.view()
        step = states.next_step(view.state, view.host_state, view.was_applied, goal)
        if step is None:
            return outcome or view.outcome or make_outcome("nothing_to_do", "Nothing was left to do.")
        outcome = _STEPS[step](context)
        if context.journal.view().state not in (states.STAGED, goal) or outcome["class"] != "ok":
            return outcome


def _settle_in(environment: str, log: str) -> None:
    """Leave the caller's world: known environment, umask and directory, output to `log`, no end half-way."""
    try:
        settings: Dict[str, str] = read_json(environment)
    except FileNotFoundError:
        settings = {}
    os.environ.clear()
    os.environ.update(settings, HOME="/root", LC_ALL="C", LANG="C")
    os.umask(0o022)  # maintainer scripts rely on it; our own files carry their modes
    os.chdir("/")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    # A handler and not SIG_IGN, which dpkg and every daemon it starts would inherit.
    signal.signal(signal.SIGTERM, _note_signal)
    signal.signal(signal.SIGHUP, _note_signal)
    signal.signal(signal.SIGINT, _note_signal)


def _note_signal(number: int, frame: Any) -> None:
    sys.stderr.write(f"signal {number}: a change of packages is not left half-way; going on\n")


def _release(state: StateDirectory) -> int:
    try:
        with Lock(state.lock, timeout=0):
            _release_left_overs(state)
    except LockTimeout:
        pass  # the worker that has the lock cleans up
    return 0


def _release_left_overs(state: StateDirectory) -> None:
    """Start what an earlier worker had stopped and, dying, not started again."""
    for name in state.ids():
        try:
            inhibit.release(Journal(state.transaction(name).journal))
        except JournalError as error:
            sys.stderr.write(f"{name}: {error}\n")
