# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the host's own updaters still while a transaction changes packages, and start them again after it."""

import os
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import UnitsError, has_systemd
from ansible_collections.patchops.fleet.plugins.module_utils.facts.updaters import collect_updaters
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock, LockTimeout
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import preflight

# Started on demand by the bus and idle most of the time; it holds the package manager's lock when it is not.
_IDLE_DAEMONS = ("packagekit.service",)


def units_to_stop(updaters: List[Dict[str, Any]]) -> List[str]:
    """Return the active units that could start an update: timers, and daemons that wait for orders."""
    return [
        unit["unit"]
        for updater in updaters
        for unit in updater["units"]
        if unit["active"] and (unit["unit"].endswith(".timer") or unit["unit"] in _IDLE_DAEMONS)
    ]


def _units_to_stop() -> List[str]:
    try:
        return units_to_stop(collect_updaters())
    except UnitsError as error:
        # The locks keep updaters out too, and a systemd that is broken is what has to be taken back.
        sys.stderr.write(f"updaters are not stopped: {error}\n")
        return []


@contextmanager
def inhibited(driver: Driver, journal: Journal, patience: float) -> Iterator[None]:
    """Stop what could change packages on its own; journaled first, so that it runs again after a crash.

    An updater that is at work is waited for, `patience` seconds; then DriverError (lock_held).
    """
    units = _units_to_stop() if has_systemd() else []
    if set(units) & set(_IDLE_DAEMONS):
        # Ended while it installs, it would leave packages half done.
        preflight.wait_for_lock(driver, patience)
    if units:
        journal.append("inhibited", units=units)
        run(["systemctl", "stop"] + units, timeout=120)
    try:
        with ExitStack() as stack:
            for path in driver.updater_locks():
                if os.path.isdir(os.path.dirname(path)):
                    stack.enter_context(_updater_lock(path, patience))
            yield
    finally:
        release(journal)


def release(journal: Journal) -> None:
    """Start again what the journal says is stopped; does nothing when there is nothing."""
    units = journal.view().inhibited
    if units:
        run(["systemctl", "start"] + units, timeout=120)
        journal.append("released", units=units)


@contextmanager
def _updater_lock(path: str, patience: float) -> Iterator[None]:
    lock = Lock(path, patience)
    started = time.monotonic()
    try:
        lock.__enter__()
    except LockTimeout:
        raise DriverError(
            "lock_held",
            f"The host's own updater is at work ({path} is locked); waited {time.monotonic() - started:.0f} "
            "seconds and changed nothing.",
            "Wait until apt-daily.service and apt-daily-upgrade.service have ended, then call again.",
        )
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
