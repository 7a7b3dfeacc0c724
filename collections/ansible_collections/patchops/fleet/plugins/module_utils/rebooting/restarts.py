# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart services that run replaced code, and wait for services to come back."""

import time
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import (
    belongs_to_people,
    find_stopped,
    show_units,
)

# Restarting one of these ends sessions, containers or the network itself: only a reboot renews them.
_NOT_RESTARTED = (
    "dbus",
    "gdm",
    "lightdm",
    "sddm",
    "display-manager",
    "systemd-networkd",
    "NetworkManager",
    "networking",
    "wpa_supplicant",
    "docker",
    "containerd",
    "libvirtd",
    "virtqemud",
    "patchops-",
)
_RESTART_SECONDS = 120


def restartable(units: List[str]) -> List[str]:
    """Return those of `units` that can be restarted without taking sessions or the network down."""
    return [
        unit
        for unit in units
        if unit.endswith(".service") and not unit.startswith(_NOT_RESTARTED) and not belongs_to_people(unit)
    ]


def restart(units: List[str]) -> None:
    """Restart `units`, one after the other. Verification tells which of them did not come up."""
    for unit in units:
        run(["systemctl", "restart", unit], timeout=_RESTART_SECONDS)


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
        run(["systemctl", "start"] + disabled, timeout=_RESTART_SECONDS)
    return bool(disabled)


def _is_moving(state: Dict[str, str]) -> bool:
    return state.get("ActiveState") in ("activating", "deactivating")
