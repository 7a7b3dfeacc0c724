# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package manager would do for a selection."""

from typing import Any, Dict, Iterable, NamedTuple, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Change, read_change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import Field, shape


class Held(NamedTuple):
    """A package that a plan leaves out."""

    name: str
    reason: str


class Plan(NamedTuple):
    """The changes, what is left out, and the room that all of it takes."""

    packages: Tuple[Change, ...]
    held: Tuple[Held, ...] = ()
    download_bytes: int = 0
    disk_bytes: int = 0


shape(
    Held,
    Field("name", "name", "The package."),
    Field("reason", "reason", "Why it was left out."),
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


def plan_of(changes: Iterable[Change], held: Dict[str, str]) -> Plan:
    """Return the plan of `changes`; `held`: reasons by name."""
    packages = tuple(changes)
    return Plan(
        packages=packages,
        held=tuple(Held(name, reason) for name, reason in sorted(held.items())),
        download_bytes=sum(one.size for one in packages),
        disk_bytes=sum(one.disk_bytes for one in packages),
    )


def read_plan(document: Dict[str, Any]) -> Plan:
    """Return the plan that a document holds."""
    return Plan(
        packages=tuple(read_change(one) for one in document["packages"]),
        held=tuple(Held(one["name"], one["reason"]) for one in document["held"]),
        download_bytes=document["download_bytes"],
        disk_bytes=document["disk_bytes"],
    )
