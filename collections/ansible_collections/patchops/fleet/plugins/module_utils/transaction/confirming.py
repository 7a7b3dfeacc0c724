# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm a watchdog before a change that a login goes through; release it when somebody has logged in anew."""

import os
import sys
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import has_systemd
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Entry,
    Journal,
    View,
    boot_id,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import is_held
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    survey,
    watch_unit,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import needs_confirmation
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.context import Context
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.spawning import start_session

# In the place of a worker's goal: wait for the confirmation; give it by hand, on the host itself.
WATCH = "watch"
CONFIRM = "confirm"
RELEASE = "release"

_ACKNOWLEDGE = 30.0


def arm_if_needed(context: Context) -> None:
    """Have the host wait for a confirmation if the plan touches what a login goes through.

    Raises DriverError (watchdog_failed) when there would be nobody to take the change back.
    """
    view = context.journal.view()
    if view.watch:  # armed by a worker that died; its watchdog may have died with it
        ensure_watched(context.state, context.directory, view)
        return
    wanted = needs_confirmation(
        context.plan, context.request["way_back"], context.confirm_within, context.access_packages
    )
    if wanted["needed"]:
        _arm(context.state, context.directory, wanted["within"], wanted["by"])


def arm_for_reboot(state: StateDirectory) -> Optional[int]:
    """Have the host wait again if what changed in this boot comes into effect with the next one.

    Return the seconds that it waits, None where it doesn't. Raises DriverError as `arm_if_needed`.
    """
    for record in reversed(survey.read_records(state)):
        entries = Journal(record.directory.journal).entries()
        armed = [entry for entry in entries if entry["event"] == "armed"]
        if record.view.state != states.APPLIED or not armed:
            continue
        if record.view.watch is None and _was_applied_in(entries, boot_id()):
            _arm(state, record.directory, armed[-1]["within"], armed[-1]["by"])
        elif record.view.watch is None:
            return None
        return int(armed[-1]["within"])
    return None


def _was_applied_in(entries: List[Entry], boot: str) -> bool:
    return any(one["boot"] == boot for one in entries if one.get("state") == states.APPLIED)


def _arm(state: StateDirectory, directory: TransactionDirectory, within: int, by: List[str]) -> None:
    journal = Journal(directory.journal)
    if os.path.exists(directory.watch_waited):
        os.unlink(directory.watch_waited)
    journal.append("armed", within=within, by=by)
    try:
        _start_watchdog(state, directory)
    except DriverError as error:
        journal.append("disarmed", reason=error.message)
        watch_unit.stop(directory.id)
        raise


def ensure_watched(state: StateDirectory, directory: TransactionDirectory, view: View) -> None:
    """Start the watchdog of a transaction that waits where none runs: without systemd a reboot ends it."""
    if view.watch and not is_held(directory.watch_lock):
        _start_watchdog(state, directory)


def _start_watchdog(state: StateDirectory, directory: TransactionDirectory) -> None:
    def command(goal: str) -> List[str]:
        return [sys.executable, "-I", directory.payload, state.root, directory.id, "0", goal]

    if has_systemd():
        text = watch_unit.unit_text(directory.id, directory.payload, command(WATCH), command(RELEASE))
        problem = watch_unit.start(directory.id, text)
    else:
        problem = start_session(command(WATCH))
    ends = time.monotonic() + _ACKNOWLEDGE
    while not problem and not is_held(directory.watch_lock):
        if time.monotonic() >= ends:
            problem = "it did not show itself"
        time.sleep(0.05)
    if problem:
        raise DriverError(
            "watchdog_failed",
            "The packages are among those that a login goes through, and the watchdog that takes them back "
            f"when nobody can log in did not start ({problem}). Nothing was changed.",
            f"Look at {directory.log} and at systemctl status {watch_unit.unit_name(directory.id)}; "
            "confirm_within: 0 does without it.",
        )


def confirm(directory: TransactionDirectory, how: str, run_id: Optional[str] = None) -> bool:
    """Note that somebody has logged in anew and release the watchdog; tell whether it was in time."""
    in_time = Journal(directory.journal).append_if(_can_be_confirmed, "confirmed", how=how, run_id=run_id)
    if in_time:
        watch_unit.stop(directory.id)
    return in_time


def waiting(state: StateDirectory) -> List[str]:
    """Return the transactions of the host that wait for a confirmation."""
    return [one.directory.id for one in survey.read_records(state) if one.view.watch]


def confirm_all(state: StateDirectory, how: str, run_id: Optional[str] = None) -> List[str]:
    """Confirm every transaction of the host that waits for it; return their ids."""
    return [
        one.directory.id
        for one in survey.read_records(state)
        if one.view.watch and confirm(one.directory, how, run_id)
    ]


def check_others(records: List[survey.Record], ids: List[str], wanted: str) -> None:
    """Raise DriverError when another transaction than `ids` waits for its confirmation.

    What is put on top of it would be in the way of taking it back.
    """
    if wanted == states.REVERTED:
        return
    for one in records:
        if one.view.watch and one.directory.id not in ids:
            raise DriverError(
                "confirmation_pending",
                f"Transaction {one.directory.id} waits for the confirmation that one can still log in "
                f"({', '.join(one.view.watch['by'])} changed). Nothing was changed by this call.",
                "Confirm it over a new login (state: confirmed), or wait until the host has taken it back.",
            )


def _can_be_confirmed(view: View) -> bool:
    return view.watch is not None and not view.watch["overdue"] and view.state not in states.IN_PROGRESS


def standing(plan: Dict[str, Any], entries: List[Entry], view: View) -> Optional[Dict[str, Any]]:
    """Return {needed, by, stays, within, reason, state} of a transaction's confirmation, None without a plan.

    `state` is None where the host never waited, else pending, confirmed, unconfirmed or released (by a call
    that took the change back).
    """
    told = plan.get("confirm")
    if told is None:
        return None
    answer = dict(told, state=None)
    for entry in entries:
        if entry["event"] == "armed":
            answer.update(needed=True, by=entry["by"], within=entry["within"], state="released")
        elif entry["event"] in ("confirmed", "unconfirmed"):
            answer["state"] = entry["event"]
    if view.watch and not view.watch["overdue"]:
        answer["state"] = "pending"
    return answer
