# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of one package."""

from enum import Enum
from typing import Any, Dict, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import SHAPES, Field, shape


class Action(Enum):
    """What happens to a package."""

    UPGRADE = "upgrade"
    INSTALL = "install"
    DOWNGRADE = "downgrade"
    REMOVE = "remove"


class WayBack(Enum):
    """What takes a change back."""

    REVERTIBLE = "revertible"
    SNAPSHOT_ONLY = "snapshot_only"
    FORWARD_ONLY = "forward_only"


class Change(NamedTuple):
    """One change of a plan. `before` and `after` are versions, None where the package is not there.

    `disk_bytes`: how much more room the installed files take; a document has the sum of all changes.
    """

    name: str
    arch: str
    action: Action
    before: Optional[str]
    after: Optional[str]
    origin: Optional[str] = ""
    suite: Optional[str] = None
    security: bool = False
    size: int = 0
    sha256: Optional[str] = None
    disk_bytes: int = 0
    from_arch: Optional[str] = None
    replaced_by: Optional[str] = None
    beside: bool = False
    kernel: bool = False
    way_back: Optional[WayBack] = None
    way_back_reason: Optional[str] = None


shape(
    Change,
    Field("name", "name", "The package."),
    Field("arch", "arch", "Its architecture."),
    Field("action", "action", "What happens to it."),
    Field("before", "from", "The version that goes."),
    Field("after", "to", "The version that comes."),
    Field(
        "from_arch",
        "from_arch",
        "The architecture of the version that goes, where it is another one.",
        always=False,
    ),
    Field("origin", "origin", "Who publishes it."),
    Field("suite", "suite", "The suite that serves it."),
    Field("security", "security", "Whether it closes security holes."),
    Field("size", "size", "Of the package file, in bytes."),
    Field("sha256", "sha256", "Of the package file, from the signed index."),
    Field(
        "replaced_by",
        "replaced_by",
        "The package that takes the place of a removed one of another name.",
        always=False,
        rules=(("type", ["string", "null"]),),  # null in documents of version 0.1
    ),
    Field(
        "beside",
        "beside",
        "Whether it lies beside other versions of its name, as kernels do.",
        always=False,
    ),
    Field("kernel", "kernel", "Whether it is a kernel, where its name does not tell.", always=False),
    Field(
        "way_back",
        "way_back",
        "What takes it back: packages, a snapshot of the host, or nothing.",
        always=False,
    ),
    Field("way_back_reason", "way_back_reason", "Why packages don't take it back.", required=False),
)


def read_change(document: Dict[str, Any]) -> Change:
    """Return the change that a document holds; keys that are not known are left out."""
    known = {one.attribute: document[one.key] for one in SHAPES[Change] if one.key in document}
    known["action"] = Action(known["action"])
    if known.get("way_back") is not None:
        known["way_back"] = WayBack(known["way_back"])
    return Change(**known)
