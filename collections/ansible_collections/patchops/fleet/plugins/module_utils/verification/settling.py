# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for services to come back after a change or a reboot."""

import time
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import (
    find_stopped,
    show_units,
)

_START_SECONDS = 120


def wait_until_started(before: List[str], deadline: float, pause: float = 1.0) -> List[Dict[str, Any]]:
    """Wait until the units of `before` run again and return [{unit, detail}] of those that don't.

    `deadline` is of time.monotonic(). A unit that nobody enabled does not come back by itself; it ran, so it
    is started again. The wait ends early when the boot is over and no unit is on its way any more.
    """
    started_again = False
    while True:
        # In this order: what is on its way when the boot is over shows in states that are read after it.
        booted = run(["systemctl", "is-system-running"]).stdout.strip() not in ("initializing", "starting")
        states = show_units(before)
        stopped = find_stopped(before, states)
        if not stopped or time.monotonic() >= deadline:
            return stopped
        if booted and not started_again:
            started_again = True
            if _start_by_hand(stopped, states):
                continue
        if booted and not any(_is_moving(states.get(item["unit"], {})) for item in stopped):
            return stopped
        time.sleep(pause)


def _start_by_hand(stopped: List[Dict[str, Any]], states: Dict[str, Dict[str, str]]) -> bool:
    disabled = [
        item["unit"]
        for item in stopped
        if states.get(item["unit"], {}).get("UnitFileState") == "disabled"
        and states[item["unit"]]["ActiveState"] == "inactive"
    ]
    if disabled:
        run(["systemctl", "start"] + disabled, timeout=_START_SECONDS)
    return bool(disabled)


def _is_moving(state: Dict[str, str]) -> bool:
    return state.get("ActiveState") in ("activating", "deactivating")
