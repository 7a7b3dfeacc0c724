# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package manager would do for a selection, and the plan that a transaction freezes."""

from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Change, read_change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import Cause
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import Field, shape


class Held(NamedTuple):
    """A package that a plan leaves out, or leaves in an older version than there is.

    `security`: whether what stays behind closes security holes.
    """

    name: str
    reason: str
    cause: Optional[Cause] = None
    security: bool = False


class Plan(NamedTuple):
    """The changes, what is left out, and the room that all of it takes."""

    packages: Tuple[Change, ...]
    held: Tuple[Held, ...] = ()
    download_bytes: int = 0
    disk_bytes: int = 0


class Blocked(NamedTuple):
    """A version that was taken back and stays away."""

    name: str
    version: str
    transaction: str


class Confirm(NamedTuple):
    """Whether the host waits for somebody to log in anew."""

    needed: bool
    by: Tuple[str, ...]
    stays: Tuple[str, ...]
    within: int
    reason: Optional[str]


class FrozenPlan(NamedTuple):
    """The plan of a transaction."""

    packages: Tuple[Change, ...]
    held: Tuple[Held, ...]
    blocked: Tuple[Blocked, ...]
    download_bytes: int
    disk_bytes: int
    platform: str
    confirm: Optional[Confirm] = None


shape(
    Held,
    Field("name", "name", "The package."),
    Field("reason", "reason", "Why it was left out."),
    Field("cause", "cause", "What keeps it out.", always=False),
    Field("security", "security", "Whether it closes security holes.", always=False),
)
shape(
    Plan,
    Field("packages", "packages", "What changes."),
    Field("held", "held", "What was left out, and why."),
    Field("download_bytes", "download_bytes", "Size of all package files."),
    Field(
        "disk_bytes",
        "disk_bytes",
        "How much more room the installed files take, in bytes; negative for less.",
    ),
)

shape(
    Blocked,
    Field("name", "name", "The package."),
    Field("version", "version", "Its version."),
    Field("transaction", "transaction", "The transaction that blocks it."),
)
shape(
    Confirm,
    Field("needed", "needed", "Whether applying it has to be confirmed over a new login."),
    Field("by", "by", "The packages that a login goes through."),
    Field("stays", "stays", "Those of them that packages don't take back."),
    Field(
        "within",
        "within",
        "Seconds until the host takes the change back by itself; 0 for never.",
        rules=(("minimum", 0),),
    ),
    Field("reason", "reason", "Why it is not needed although there are such packages."),
)
shape(
    FrozenPlan,
    Field("packages", "packages", "What changes."),
    Field("held", "held", "What was left out, and why."),
    Field("blocked", "blocked", "Versions that were taken back and stay away."),
    Field("confirm", "confirm", "Whether the host waits for somebody to log in anew.", always=False),
    Field("download_bytes", "download_bytes", "Size of all package files."),
    Field(
        "disk_bytes",
        "disk_bytes",
        "How much more room the installed files take, in bytes; negative for less.",
    ),
    Field("platform", "platform", "The key of the host's platform in a patch set."),
)


def plan_of(changes: Iterable[Change], held: Iterable[Held] = ()) -> Plan:
    """Return the plan of `changes`."""
    packages = tuple(changes)
    return Plan(
        packages=packages,
        held=tuple(sorted(held, key=lambda one: one.name)),
        download_bytes=sum(one.size for one in packages),
        disk_bytes=sum(one.disk_bytes for one in packages),
    )


def freeze(plan: Plan, blocked: Iterable[Blocked], platform: str) -> FrozenPlan:
    """Return the plan that a transaction of this host carries out."""
    return FrozenPlan(
        plan.packages, plan.held, tuple(blocked), plan.download_bytes, plan.disk_bytes, platform
    )


def read_plan(document: Dict[str, Any]) -> Plan:
    """Return the plan that a document holds."""
    return Plan(
        packages=tuple(read_change(one) for one in document["packages"]),
        held=tuple(_read_held(one) for one in document["held"]),
        download_bytes=document["download_bytes"],
        disk_bytes=document["disk_bytes"],
    )


def _read_held(document: Dict[str, Any]) -> Held:
    cause = document.get("cause")
    return Held(
        document["name"],
        document["reason"],
        Cause(cause) if cause is not None else None,
        document.get("security", False),
    )
