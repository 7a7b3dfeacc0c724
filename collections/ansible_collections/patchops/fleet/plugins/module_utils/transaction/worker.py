# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs detached on the host: it brings one transaction to the wanted state and ends."""

import os
import signal
import sys
import traceback
from typing import Any, Callable, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect_driver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Journal,
    JournalError,
    details_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    applying,
    confirming,
    inhibit,
    reverting,
    staging,
    watch_unit,
    watchdog,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import (
    Context,
    Outcome,
    outcome_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.leaving_kernel import leave_kernel

_STEPS: Dict[str, Callable[[Context], Outcome]] = {
    states.STAGING: staging.stage,
    states.APPLYING: applying.apply,
    states.REVERTING: reverting.revert,
}


# Seconds that the watchdog waits for the package manager's lock before it tries again.
_PATIENCE = 120
_END_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def main(arguments: List[str]) -> int:
    """Run as ``payload.zip ROOT ID ATTEMPT GOAL``; the journal tells what came of it.

    GOAL is also RELEASE: only clean up after a worker, however it ended; WATCH: wait for the confirmation;
    CONFIRM: give it, as somebody does who has just logged in on the host.
    """
    root, transaction_id, attempt, goal = arguments
    state = StateDirectory(root)
    directory = state.transaction(transaction_id)
    if goal == confirming.CONFIRM:
        return 0 if confirming.confirm(directory, "by hand") else 1
    _settle_in(directory.environment, directory.log)
    if goal == confirming.RELEASE:
        return _release(state)
    if goal == confirming.WATCH:
        _take_signals(signal.SIG_DFL)
        watchdog.watch(state, directory, lambda: _take_back(state, directory))
        return 0
    _take_signals(_note_signal)
    _work(state, directory, int(attempt), goal)
    if Journal(directory.journal).view().watch is None:
        watch_unit.stop(transaction_id)
    return 0


def _take_back(state: StateDirectory, directory: TransactionDirectory) -> Optional[Outcome]:
    """Take a transaction back that nobody confirmed; None when another worker took over."""
    journal = Journal(directory.journal)
    last = [entry for entry in journal.entries() if entry["event"] == "launched"][-1]
    # Whatever was asked for when somebody could log in: the former code has to run to let them in again.
    settings = dict(details_of(last), restart_services=True, lock_timeout=_PATIENCE, run_id=None)
    settings.update(attempt=last["attempt"] + 1, goal=states.REVERTED)
    launched = journal.append_if(lambda view: view.attempt == last["attempt"], "launched", **settings)
    if not launched:
        return None
    _take_signals(_note_signal)
    try:
        outcome = _work(state, directory, settings["attempt"], states.REVERTED)
    finally:
        _take_signals(signal.SIG_DFL)
    if outcome is not None and outcome["code"] == "kernel_runs" and leave_kernel(detect_driver(), directory):
        return None  # the watchdog goes on once the former kernel runs
    return outcome


def _work(
    state: StateDirectory, directory: TransactionDirectory, attempt: int, goal: str
) -> Optional[Outcome]:
    """Bring a transaction to `goal`; return the outcome, None when this attempt is not wanted any more."""
    journal = Journal(directory.journal)
    with Lock(state.lock):
        # At once with the look: a caller that gives the attempt up says that nothing was changed.
        if not journal.append_if(
            lambda view: view.attempt == attempt and view.goal is not None,
            "started",
            attempt=attempt,
            pid=os.getpid(),
        ):
            _release_left_overs(state)  # who died just now may have found the lock taken
            return None  # the caller gave this attempt up, or a later one has taken over
        try:
            _release_left_overs(state)
            outcome = pursue(Context(state, directory, detect_driver()), goal)
        except DriverError as error:
            outcome = outcome_of(error)
        except Exception as error:
            traceback.print_exc()
            outcome = make_outcome(
                "internal_error",
                f"The worker of transaction {directory.id} ended by {type(error).__name__}: {error}. "
                f"The transaction is {journal.view().state}.",
                f"Read {directory.log}; call again to go on, or state: reverted to take it back.",
            )
        journal.append("ended", attempt=attempt, outcome=outcome)
    return outcome


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
    """Leave the caller's world: known environment, umask and directory, output to `log`."""
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


def _take_signals(handler: Any) -> None:
    for number in _END_SIGNALS:
        signal.signal(number, handler)


def _note_signal(number: int, frame: Any) -> None:
    # A handler and not SIG_IGN, which dpkg and every daemon it starts would inherit.
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
