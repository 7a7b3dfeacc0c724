# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A newer version that the package manager passes over, and what makes it do so."""

from enum import Enum
from typing import Any, Dict, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import Field, document, shape


class Cause(Enum):
    """What keeps a version from being installed."""

    HOLD = "hold"
    EXCLUDE = "exclude"
    # A pin of a negative priority.
    PIN = "pin"
    PHASED = "phased"
    # What the package manager prefers is older than what is installed.
    OLDER = "older"
    DEFAULT_RELEASE = "default_release"
    PRIORITY = "priority"
    MODULE = "module"
    VENDOR = "vendor"
    # No sum that it could be checked by.
    UNCHECKED = "unchecked"
    DEPENDENCY = "dependency"

    @property
    def is_intended(self) -> bool:
        """Whether somebody decided that just this update shall not come, or not yet."""
        return self in (Cause.HOLD, Cause.EXCLUDE, Cause.PIN, Cause.PHASED)


class KeptBack(NamedTuple):
    """The newest version that is passed over. `security`: whether it closes holes that the candidate leaves.

    `reason` names the setting of the host, and the version.
    """

    version: str
    cause: Cause
    reason: str
    security: bool


shape(
    KeptBack,
    Field("version", "version", "The version."),
    Field("cause", "cause", "What keeps it from being installed."),
    Field("reason", "reason", "The same in words, with the setting of the host that does it."),
    Field("security", "security", "Whether it closes security holes that the candidate leaves open."),
)


def read_kept_back(update: Dict[str, Any]) -> Optional[KeptBack]:
    """Return what is passed over of an update of the host document, None where nothing is."""
    found = update.get("kept_back")
    if found is None:
        return None
    return KeptBack(found["version"], Cause(found["cause"]), found["reason"], found["security"])


def write_kept_back(found: Optional[KeptBack]) -> Optional[Dict[str, Any]]:
    """Return the same for the host document."""
    written: Optional[Dict[str, Any]] = document(found)
    return written
