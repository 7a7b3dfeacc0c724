# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait on the host for the confirmation of a transaction, and take the change back when none comes.

Seconds are counted by the monotonic clock and kept on disk, so that they add up over reboots. A clock on the
wall may be wrong, or be set right in the middle, and would end the wait early or never. Time during which the
host was down or suspended doesn't count: nobody could have logged in.
"""

import sys
import time
from typing import Callable, Dict, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.files import write_file
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal, View
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import survey, watch_unit

TakeBack = Callable[[], Optional[Dict[str, str]]]

_TICK = 1.0
# A tick that took much longer was no tick: the process or the machine stood still.
_LONGEST_TICK = 10.0
_KEEP_EVERY = 5.0
# Until a lock that somebody else holds is tried for again.
_AGAIN = 30.0
# How often a take-back is tried that ends by an error of the system (no memory, no room) or of ours.
_TRIES = 20


class Patience:
    """The seconds waited so far; `path` keeps them."""

    def __init__(self, path: str, now: float) -> None:
        self._path = path
        self._last = now
        self.waited = _read(path)
        self._kept = self.waited

    def tick(self, now: float, counts: bool) -> float:
        """Add the time since the last tick, or begin anew where it doesn't count; return the sum."""
        passed = min(max(0.0, now - self._last), _LONGEST_TICK)
        self._last = now
        self.waited = self.waited + passed if counts else 0.0
        if abs(self.waited - self._kept) >= _KEEP_EVERY:
            self._kept = self.waited
            try:
                write_file(self._path, f"{self.waited:.1f}".encode("ascii"))
            except OSError as error:
                # On a full disk the wait goes on in memory: begun anew every time it would never end.
                sys.stderr.write(f"{self._path}: {error}\n")
        return self.waited


def _read(path: str) -> float:
    try:
        with open(path, encoding="ascii") as stream:
            return max(0.0, float(stream.read()))
    except (FileNotFoundError, ValueError):
        return 0.0


def watch(state: StateDirectory, directory: TransactionDirectory, take_back: TakeBack) -> None:
    """Return when the transaction waits no longer: confirmed, taken back by somebody, or by `take_back`.

    `take_back` returns the outcome, None when another worker has taken over.
    """
    try:
        with Lock(directory.watch_lock, timeout=0):
            _wait(state, directory, take_back)
    except LockTimeout:
        return  # another watchdog waits already
    watch_unit.remove(directory.id)


def _wait(state: StateDirectory, directory: TransactionDirectory, take_back: TakeBack) -> None:
    journal = Journal(directory.journal)
    patience = Patience(directory.watch_waited, time.monotonic())
    tries = 0
    while True:
        view = journal.view()
        if view.watch is None:
            return
        if view.watch["overdue"]:
            outcome = take_back()
            tries += 1
            left = journal.view().watch
            if left and outcome is not None and not _may_pass(outcome["code"], tries):
                journal.append("disarmed", reason=outcome["message"])
            elif left:
                time.sleep(_AGAIN)
            continue
        waited = patience.tick(time.monotonic(), counts=not survey.is_alive(state, directory, view))
        if waited >= view.watch["within"]:
            journal.append_if(_is_pending, "unconfirmed", waited=int(waited))
            continue
        time.sleep(_TICK)


def _may_pass(code: str, tries: int) -> bool:
    return code == "lock_held" or (code == "internal_error" and tries < _TRIES)


def _is_pending(view: View) -> bool:
    return view.watch is not None and not view.watch["overdue"]
