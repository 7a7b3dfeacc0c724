# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is noted on a host before it reboots: without it nobody could prove afterwards that it did."""

import os
import time
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_boot_id
from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json, write_json
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory

# A reboot that was ordered and has not begun by then will not come by itself.
_STALE_SECONDS = 300


class Record:
    """The note about the last reboot that was ordered."""

    def __init__(self, state: Optional[StateDirectory] = None) -> None:
        self.state = state or StateDirectory()
        self._path = os.path.join(self.state.root, "reboot.json")

    def read(self) -> Optional[Dict[str, Any]]:
        """Return the note as `write` makes it, None where there is none."""
        try:
            found = read_json(self._path)
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) and "boot_id" in found else None

    def write(
        self,
        running: List[str],
        kernel: Optional[str],
        reasons: List[str],
        run_id: str,
        boot_check: Optional[Dict[str, Any]] = None,
        fallback: Optional[Dict[str, str]] = None,
    ) -> None:
        """Note the present boot, the services that run in it, and the kernel that has to come.

        `fallback`: what is left to do once that kernel has proven itself (rebooting/next_boot.py).
        """
        self.state.make()
        write_json(
            self._path,
            {
                "boot_id": read_boot_id(),
                "ordered_at": time.time(),
                "running": running,
                "kernel": kernel,
                "reasons": reasons,
                "run_id": run_id,
                "boot_check": boot_check,
                "fallback": fallback,
                "proven": False,
            },
        )

    def restore(self, note: Dict[str, Any]) -> None:
        """Put back what was noted before a reboot that did not come to pass ({}: nothing was)."""
        if note:
            write_json(self._path, note)
        else:
            os.unlink(self._path)

    def settle_fallback(self) -> None:
        """Note that the boot loader has its default back."""
        write_json(self._path, dict(self.read() or {}, fallback=None))

    def forget(self) -> None:
        """Remove the note, unless its reboot is under way or the boot loader's default waits for it."""
        note = self.read() or {}
        if os.path.exists(self._path) and not is_under_way(note) and not note.get("fallback"):
            os.unlink(self._path)

    def close(self) -> None:
        """Note that the host was verified after its reboot: what ran before it is not asked for any more."""
        note = self.read()
        if note is not None and has_rebooted(note) and not note["proven"]:
            write_json(self._path, dict(note, proven=True))


def has_rebooted(note: Dict[str, Any]) -> bool:
    """Tell whether the host runs in another boot than the one that was noted ({}: nothing was)."""
    return bool(note) and note["boot_id"] != read_boot_id()


def is_under_way(note: Dict[str, Any]) -> bool:
    """Tell whether a reboot was ordered a moment ago and has not happened yet."""
    if not note or has_rebooted(note):
        return False
    return bool(0 <= time.time() - note["ordered_at"] < _STALE_SECONDS)
