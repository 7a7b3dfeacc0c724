# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a waiver or another recorded act speaks about: hosts, packages, CVEs, advisories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import (
    DISTRIBUTION_TYPES,
    NAMESPACES,
    parse,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    LANGUAGES,
    os_id,
    scheme_of,
)


@dataclass(frozen=True)
class Target:
    """The parts of a finding that a scope is compared with."""

    host: str
    groups: frozenset[str]
    packages: frozenset[str]
    """The binary package and its source package."""
    advisory: str
    cves: tuple[str, ...]
    release: str = ""
    """The release key of the host ("debian:bookworm"), "" where it isn't known."""
    versions: frozenset[str] = frozenset()
    """The installed versions, of the binary packages and as the feed counts."""


@dataclass(frozen=True)
class Scope:
    """Names or globs; an empty part leaves that side open. ``hosts`` takes host and group names."""

    hosts: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    """Package URLs: type, distribution, name and version, as far as they are told, have to be the
    finding's."""

    def touches(self, target: Target) -> bool:
        """Whether hosts, packages and advisories fit; CVEs are answered one by one by covered()."""
        return (
            _fits(self.hosts, (target.host, *target.groups))
            and _fits(self.packages, target.packages)
            and _fits(self.advisories, (target.advisory,))
            and (not self.products or any(_is_product(one, target) for one in self.products))
        )

    def covered(self, target: Target) -> frozenset[str]:
        """The CVEs of the finding (its advisory's id where it has none) that the scope speaks about."""
        if not self.touches(target):
            return frozenset()
        names = target.cves or (target.advisory,)
        if not self.cves:
            return frozenset(names)
        return frozenset(name for name in names if name in self.cves)


def _fits(patterns: tuple[str, ...], names: Iterable[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _is_product(text: str, target: Target) -> bool:
    """Whether a package URL names the package that a finding is about."""
    purl = parse(text)
    if purl is None or purl.name not in target.packages:
        return False
    if purl.version and purl.full_version not in {_without_zero_epoch(one) for one in target.versions}:
        return False
    if purl.type not in DISTRIBUTION_TYPES:
        return purl.type in LANGUAGES
    if DISTRIBUTION_TYPES[purl.type] != scheme_of(target.release):
        return False
    family = target.release.partition(":")[0]
    if purl.namespace and os_id(purl.namespace) not in (family, *NAMESPACES.get(family, ())):
        return False
    return "distro" not in purl.qualifiers or purl.release == target.release


def _without_zero_epoch(version: str) -> str:
    return version.removeprefix("0:")
