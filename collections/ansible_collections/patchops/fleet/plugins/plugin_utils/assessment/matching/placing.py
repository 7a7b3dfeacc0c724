# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each installed package, placed: the name that feeds have for it, and what the rules say of its version.

A fleet has the same packages again and again, so a placement is made once and then looked up; that is what
makes ten thousand hosts quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.kernels import role
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    foreign_origin,
    is_doubtful,
    other_names,
    source_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import (
    ReleaseRules,
    Verdicts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import SoundPackages

# What a placement depends on.
_OF_SOURCES = ("name", "version", "source", "source_version", "origin", "suite")
_OF_BINARIES = ("name", "version", "arch", "source", "source_version", "origin", "module", "module_version")

Packages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Named:
    """A name by which feeds can know a package, its version under that name, and what the rules say of it."""

    name: str
    version: str
    verdicts: Verdicts


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A package as the feeds know it. version: as the feed counts, which for deb is the source's.

    others: further names of it that rules speak of, which are those of its source RPM and of its module.
    foreign: the origin of a package of another publisher, else "". nameless: its source is not told.
    matters: false for what no rule speaks of, which are most packages.
    """

    name: str
    version: str
    verdicts: Verdicts
    others: tuple[Named, ...]
    side_by_side: bool
    foreign: str
    is_doubtful: bool
    nameless: bool
    matters: bool

    @property
    def named(self) -> tuple[Named, ...]:
        return (Named(self.name, self.version, self.verdicts), *self.others)


class Identities:
    """What tells the packages of one packaging scheme apart, as far as feeds do."""

    def __init__(self, scheme: str) -> None:
        self.by_source = scheme in ("deb", "apk")
        self._fields = _OF_SOURCES if self.by_source else _OF_BINARIES
        self._get: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*self._fields)

    def of(self, packages: Packages) -> list[tuple[Any, ...]]:
        try:
            return list(map(self._get, packages))
        except KeyError:  # a field that inventories may leave out
            return [tuple(package.get(one, _LEFT_OUT) for one in self._fields) for package in packages]


class Placer:
    """Places the packages of the hosts of one release."""

    def __init__(self, rules: ReleaseRules) -> None:
        self._rules = rules
        self._family = rules.release.partition(":")[0]
        self._identities = Identities(rules.scheme)
        self._by_source = self._identities.by_source
        self._known: dict[tuple[Any, ...], Placement] = {}
        # By the identity of shared packages, which are kept, so that no other object gets their identity.
        self._of_shared: dict[int, Placement] = {}
        self._kept: list[Mapping[str, Any]] = []

    def place(self, packages: Packages) -> list[Placement]:
        """The placements of a host's packages, in their order."""
        if not isinstance(packages, SoundPackages):
            return self._place(packages)
        found = list(map(self._of_shared.get, map(id, packages)))
        if None in found:
            found = list(self._place(packages))
            self._keep(packages, found)
        return [one for one in found if one is not None]

    def _keep(self, packages: Packages, placed: Sequence[Placement | None]) -> None:
        if len(self._kept) > _MOST_KEPT:
            self._of_shared.clear()
            self._kept.clear()
        for package, placement in zip(packages, placed, strict=True):
            if placement is not None and id(package) not in self._of_shared:
                self._kept.append(package)
                self._of_shared[id(package)] = placement

    def _place(self, packages: Packages) -> list[Placement]:
        identities = self._identities.of(packages)
        found = list(map(self._known.get, identities))
        if None in found:
            self._learn(dict(zip(identities, packages, strict=True)))
            found = list(map(self._known.get, identities))
        return [one for one in found if one is not None]

    def feed_name(self, package: Mapping[str, Any]) -> tuple[str, str]:
        """The name and the version by which the feed knows a package."""
        if self._by_source:
            return source_of(self._family, package)
        return package["name"], package["version"]

    def _learn(self, packages: dict[tuple[Any, ...], Mapping[str, Any]]) -> None:
        unknown = {identity: one for identity, one in packages.items() if identity not in self._known}
        # All rules in one go: one query instead of one a package.
        names = {self.feed_name(package)[0] for package in unknown.values()}
        if not self._by_source:
            names |= {
                other for package in unknown.values() for other, _version, _kind in other_names(package)
            }
        self._rules.load(names)
        self._known.update((identity, self._make(package)) for identity, package in unknown.items())

    def _make(self, package: Mapping[str, Any]) -> Placement:
        name, version = self.feed_name(package)
        foreign = foreign_origin(self._family, package)
        verdicts, others = Verdicts(), tuple[Named, ...]()
        # What nobody knows to be another publisher's is never called clean, and not spared either.
        doubtful = is_doubtful(self._family, package)
        if not foreign or doubtful:
            arch, module = "" if self._by_source else package.get("arch") or "", package.get("module")
            verdicts = self._rules.judge(name, version, arch, module)
            if not self._by_source:
                others = tuple(self._others(package, self._rules.names(name, arch, version, module)))
            if verdicts.is_unclear or any(one.verdicts.is_unclear for one in others):
                decided = self._decided(package, name, version, arch)
                verdicts = verdicts.settled(decided)
                others = tuple(replace(one, verdicts=one.verdicts.settled(decided)) for one in others)
        spoken_of = any(
            one.open or one.installed for one in (verdicts, *(other.verdicts for other in others))
        )
        nameless = not foreign and self._is_nameless(package)
        return Placement(
            name=name,
            version=version,
            verdicts=verdicts,
            others=others,
            side_by_side=spoken_of and role(self._rules.scheme, package) is not None,
            foreign=foreign,
            is_doubtful=doubtful,
            nameless=nameless,
            matters=spoken_of or bool(foreign) or nameless,
        )

    def _others(self, package: Mapping[str, Any], told: frozenset[str]) -> Iterator[Named]:
        """What is said by the names of source and module; advisories that name the binary too don't count
        again."""
        for name, version, kind in other_names(package):
            verdicts = self._rules.judge(name, version, kind, package.get("module")).without(told)
            if verdicts.open or verdicts.installed:
                yield Named(name, version, verdicts)

    def _decided(self, package: Mapping[str, Any], name: str, version: str, arch: str) -> frozenset[str]:
        """The CVEs on which any of the package's names decides."""
        module = package.get("module")
        found = self._rules.decided(name, version, arch, module)
        for other, its, kind in () if self._by_source else other_names(package):
            found |= self._rules.decided(other, its, kind, module)
        return found

    def _is_nameless(self, package: Mapping[str, Any]) -> bool:
        """Whether a feed names sources and the package's source is not told."""
        if self._by_source:
            return not (package.get("source") and package.get("source_version"))
        return not package.get("source") and self._rules.names_sources


_MOST_KEPT = 500_000
# Tells a field that is missing from one that is null.
_LEFT_OUT = object()
