# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a host to reboot, and prove afterwards that it did.

Before the reboot the boot id, the running services and the kernel that should come are written to the state
directory; a later call, of this or of another controller, compares. A login that works again proves nothing.
"""

import os
import subprocess
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import files
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_boot_id
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.states import IN_PROGRESS
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import (
    belongs_to_people,
    find_stopped,
    show_units,
)

# The answer has to leave the host before its network goes.
_DELAY_SECONDS = 2
# A reboot that was asked for and has not begun by then will not come by itself.
STALE_SECONDS = 300

# Restarting one of these ends sessions, containers or the network itself: only a reboot renews them.
_NOT_RESTARTED = (
    "init.scope",
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


class Record:
    """What was noted on the host before its reboot."""

    def __init__(self, state: Optional[StateDirectory] = None) -> None:
        self._state = state or StateDirectory()
        self._path = os.path.join(self._state.root, "reboot.json")

    def read(self) -> Optional[Dict[str, Any]]:
        """Return {boot_id, asked_at, running, kernel, reasons, run_id}, None when no reboot was asked for."""
        try:
            found = files.read_json(self._path)
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) and "boot_id" in found else None

    def write(self, running: List[str], kernel: Optional[str], reasons: List[str], run_id: str) -> str:
        """Note the present state and return the present boot id."""
        self._state.make()
        boot_id = read_boot_id()
        files.write_json(
            self._path,
            {
                "boot_id": boot_id,
                "asked_at": time.time(),
                "running": running,
                "kernel": kernel,
                "reasons": reasons,
                "run_id": run_id,
            },
        )
        return boot_id

    def remove(self) -> None:
        """Forget the note: the reboot is proven, or was given up."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            return


def transaction_in_progress(state: Optional[StateDirectory] = None) -> Optional[Dict[str, str]]:
    """Return {id, state} of our transaction that a reboot would tear apart, None when there is none."""
    directory = state or StateDirectory()
    for transaction_id in directory.ids():
        view = Journal(directory.transaction(transaction_id).journal).view()
        if view.state in IN_PROGRESS:
            return {"id": transaction_id, "state": view.state}
    return None


def trigger() -> bool:
    """Have the host reboot in a moment; return whether somebody took the order."""
    answer = run(
        [
            "systemd-run",
            "--collect",
            "--quiet",
            f"--on-active={_DELAY_SECONDS}",
            "--timer-property=AccuracySec=100ms",
            "systemctl",
            "reboot",
        ]
    )
    if answer.rc == 0:
        return True
    try:
        # Without systemd. A session of its own: it has to outlive the login that this call came by.
        subprocess.Popen(
            ["/bin/sh", "-c", 'sleep "$0"; exec shutdown -r now', str(_DELAY_SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    except OSError:
        return False
    return True


def restartable(units: List[str]) -> List[str]:
    """Return those of `units` that can be restarted without taking sessions or the network down."""
    return [
        unit
        for unit in units
        if unit.endswith(".service") and not unit.startswith(_NOT_RESTARTED) and not belongs_to_people(unit)
    ]


def restart(units: List[str]) -> List[Dict[str, str]]:
    """Restart `units` and return [{unit, detail}] of those that did not come up."""
    failed = []
    for unit in units:
        answer = run(["systemctl", "restart", unit], timeout=120)
        if answer.rc != 0:
            failed.append({"unit": unit, "detail": answer.stderr.strip() or f"exit code {answer.rc}"})
    return failed


def wait_until_started(before: List[str], deadline: float, pause: float = 1.0) -> List[Dict[str, Any]]:
    """Wait until the units of `before` run again and return [{unit, detail}] of those that don't.

    A unit that nobody enabled does not come back by itself; it ran, so it is started again.
    """
    started_again = False
    while True:
        states = show_units(before)
        stopped = find_stopped(before, states)
        booted = run(["systemctl", "is-system-running"]).stdout.strip() not in ("initializing", "starting")
        if booted and stopped and not started_again:
            by_hand = [
                item["unit"]
                for item in stopped
                if states.get(item["unit"], {}).get("UnitFileState") == "disabled"
            ]
            started_again = True
            if by_hand:
                run(["systemctl", "start"] + by_hand, timeout=120)
                continue
        if (booted and not stopped) or time.monotonic() >= deadline:
            return stopped
        time.sleep(pause)
