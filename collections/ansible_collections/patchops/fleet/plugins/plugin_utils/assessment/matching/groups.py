# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed packages, put together as feeds name them, each with what the rules say of its version."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.placing import (
    Packages,
    Placement,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import Verdicts


@dataclass(frozen=True, slots=True)
class Member:
    """One installed package by one of its names. version: as the feed counts, which can be the source's."""

    package: Mapping[str, Any]
    version: str
    verdicts: Verdicts


@dataclass(slots=True)
class Group:
    """The installed packages that one name of the feed stands for."""

    name: str
    members: list[Member] = field(default_factory=list)
    side_by_side: bool = False


@dataclass(slots=True)
class Grouped:
    """The groups that there is something to say of. foreign: packages of other publishers, with their origin.

    nameless: packages whose source is not told, by which the feed would name them.
    """

    groups: list[Group]
    foreign: list[dict[str, str]]
    nameless: list[str]


def grouped(
    packages: Packages,
    placed: Sequence[Placement],
    only: Container[str] | None,
    stale: Container[str],
    include_installed: bool,
) -> Grouped:
    """The installed packages by their feed names.

    placed: their placements, in the same order. only: names to restrict it to. stale: packages whose old code
    still runs. Without include_installed, what is merely installed, in one version, and not stale is left
    out: most packages of most hosts.
    """
    groups: dict[str, Group] = {}
    foreign: dict[tuple[str, str], dict[str, str]] = {}
    nameless = []
    for package, placement in zip(packages, placed, strict=True):
        if not placement.matters:
            continue
        if placement.nameless:
            nameless.append(str(package["name"]))
        if placement.foreign:
            foreign[placement.name, placement.foreign] = {
                "package": placement.name,
                "origin": placement.foreign,
            }
        if placement.foreign and not placement.is_doubtful:
            continue
        asked = placement.side_by_side or include_installed or package["name"] in stale
        for named in placement.named:
            if (named.verdicts.open or asked) and (only is None or named.name in only):
                group = groups.setdefault(named.name, Group(named.name))
                group.members.append(Member(package, named.version, named.verdicts))
                group.side_by_side = group.side_by_side or placement.side_by_side
    return Grouped(list(groups.values()), [foreign[key] for key in sorted(foreign)], sorted(nameless))
