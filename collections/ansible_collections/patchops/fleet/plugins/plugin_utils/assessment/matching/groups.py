# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed packages, put together as feeds name them, each with what the rules say of its version."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.kernels import role
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    is_foreign,
    source_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import (
    ReleaseRules,
    Verdicts,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One installed package. version: as the feed counts, which for deb is the source's."""

    package: Mapping[str, Any]
    version: str
    verdicts: Verdicts


@dataclass(slots=True)
class Group:
    """The installed packages that one name of the feed stands for."""

    name: str
    members: list[Member] = field(default_factory=list)
    has_open: bool = False
    side_by_side: bool = False

    def names_any(self, names: Container[str]) -> bool:
        return any(member.package["name"] in names for member in self.members)


@dataclass(slots=True)
class Grouped:
    """The groups that any rule speaks of. foreign: packages of other publishers, with their origin.

    nameless: packages whose source is not told, by which the feed would name them.
    """

    groups: list[Group]
    foreign: list[dict[str, str]]
    nameless: list[str]


def grouped(document: Mapping[str, Any], rules: ReleaseRules, scheme: str, only: set[str] | None) -> Grouped:
    """The installed packages by their feed names. only: names to restrict it to."""
    family = rules.release.partition(":")[0]
    packages = document.get("packages") or ()
    named: list[tuple[Mapping[str, Any], str, str]] = []
    foreign: dict[tuple[str, str], dict[str, str]] = {}
    nameless = []
    by_source, by_arch = scheme in ("deb", "apk"), scheme == "rpm"
    for package in packages:
        if by_source:
            name, version = source_of(family, package)
            if not (package.get("source") and package.get("source_version")):
                nameless.append(str(package["name"]))
        else:
            name, version = package["name"], package["version"]
        if is_foreign(family, package):
            origin = package.get("origin") or "backports"
            foreign[name, origin] = {"package": name, "origin": origin}
        elif only is None or name in only:
            named.append((package, name, version))
    rules.load(name for _, name, _ in named)
    groups: dict[str, Group] = {}
    for package, name, version in named:
        verdicts = rules.judge(
            name, version, package.get("arch") or "" if by_arch else "", package.get("module")
        )
        if not (verdicts.open or verdicts.installed):
            continue
        group = groups.get(name)
        if group is None:
            group = groups[name] = Group(name)
        group.members.append(Member(package, version, verdicts))
        group.has_open = group.has_open or bool(verdicts.open)
        group.side_by_side = group.side_by_side or role(scheme, package["name"]) is not None
    return Grouped(list(groups.values()), [foreign[key] for key in sorted(foreign)], sorted(nameless))
