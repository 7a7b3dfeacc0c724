# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan leaves out, noted while it is made: each package once, with the first reason. Pure."""

from typing import Any, Collection, Dict, List, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause, read_kept_back
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Held

HELD_ON_THE_HOST = "held on the host"


class LeftOut:
    """The notes of one plan.

    `updates`: see Driver.updates; `holds`: names that are held on the host; `blocked`: (name, version) of
    what was taken back, which is told elsewhere.
    """

    def __init__(
        self, updates: List[Dict[str, Any]], holds: Collection[str], blocked: Set[Tuple[str, str]]
    ) -> None:
        self._updates = updates
        self._holds = holds
        self._blocked = blocked
        self._held: Dict[str, Held] = {}

    @property
    def all(self) -> List[Held]:
        """What was noted."""
        return list(self._held.values())

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def note(self, held: Held) -> None:
        """Note a package, unless it has a reason already."""
        self._held.setdefault(held.name, held)

    def note_update(self, update: Dict[str, Any], reason: str, cause: Cause) -> None:
        """Note that an update doesn't come."""
        self.note(Held(update["name"], reason, cause, update["security"]))

    def keeps(self, name: str, version: str) -> bool:
        """Tell whether a version doesn't come because of a hold, which is noted, or as it was taken back."""
        if name in self._holds:
            update = self._update_of(name)
            self.note(Held(name, HELD_ON_THE_HOST, Cause.HOLD, update is not None and update["security"]))
            return True
        return (name, version) in self._blocked

    def note_kept_back(self, update: Dict[str, Any], security_only: bool = False) -> None:
        """Note what the package manager passes over of an update."""
        kept = read_kept_back(update)
        if kept is None or update["held"] or (update["name"], kept.version) in self._blocked:
            return
        if kept.security or not security_only:
            self.note(Held(update["name"], kept.reason, kept.cause, kept.security))

    def note_newer(self, name: str) -> None:
        """Note why a package stays that has a newer version, which the package manager doesn't take."""
        update = self._update_of(name)
        if update is not None and update["held"]:
            self.note_update(update, HELD_ON_THE_HOST, Cause.HOLD)
        elif update is not None:
            self.note_kept_back(update)

    def _update_of(self, name: str) -> Optional[Dict[str, Any]]:
        return next((one for one in self._updates if one["name"] == name), None)
