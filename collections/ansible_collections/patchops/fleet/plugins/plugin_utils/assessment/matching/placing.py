# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each installed package, placed: the name that feeds have for it, and what the rules say of its version.

A fleet has the same packages again and again, so a placement is made once and then looked up; that is what
makes ten thousand hosts quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
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

# What a placement depends on.
_OF_SOURCES = ("name", "version", "source", "source_version", "origin", "suite")
_OF_BINARIES = ("name", "version", "arch", "source", "origin", "module")

Packages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A package as the feed knows it. version: as the feed counts, which for deb is the source's.

    foreign: the origin of a package of another publisher, else "". nameless: its source is not told.
    matters: false for what no rule speaks of, which are most packages. source, of_source: rpm's source
    package and what rules say of it: vendors name sources where there is no fix yet.
    """

    name: str
    version: str
    verdicts: Verdicts
    source: str
    of_source: Verdicts
    side_by_side: bool
    foreign: str
    nameless: bool
    matters: bool


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

    def place(self, packages: Packages) -> list[Placement]:
        """The placements of a host's packages, in their order."""
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
        self._rules.load(self.feed_name(package)[0] for package in unknown.values())
        self._known.update((identity, self._make(package)) for identity, package in unknown.items())

    def _make(self, package: Mapping[str, Any]) -> Placement:
        name, version = self.feed_name(package)
        foreign = (package.get("origin") or "backports") if is_foreign(self._family, package) else ""
        nameless = self._by_source and not (package.get("source") and package.get("source_version"))
        source = "" if self._by_source else package.get("source") or ""
        verdicts = of_source = Verdicts()
        if not foreign:
            arch = "" if self._by_source else package.get("arch") or ""
            verdicts = self._rules.judge(name, version, arch, package.get("module"))
            if source:
                of_source = self._rules.judge(source, version, "src", package.get("module"))
        spoken_of = bool(verdicts.open or verdicts.installed)
        return Placement(
            name=name,
            version=version,
            verdicts=verdicts,
            source=source,
            of_source=of_source,
            side_by_side=spoken_of and role(self._rules.scheme, package["name"]) is not None,
            foreign=foreign,
            nameless=nameless,
            matters=spoken_of or bool(of_source.open or foreign) or nameless,
        )


# Tells a field that is missing from one that is null.
_LEFT_OUT = object()
