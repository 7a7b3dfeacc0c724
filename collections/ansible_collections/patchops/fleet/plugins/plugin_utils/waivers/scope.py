# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a waiver or another recorded act speaks about: hosts, packages, CVEs, advisories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Target:
    """The parts of a finding that a scope is compared with."""

    host: str
    groups: frozenset[str]
    packages: frozenset[str]
    """The binary package and its source package."""
    advisory: str
    cves: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Names or globs; an empty part leaves that side open. ``hosts`` takes host and group names."""

    hosts: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()

    def touches(self, target: Target) -> bool:
        """Whether hosts, packages and advisories fit; CVEs are answered one by one by covered()."""
        return (
            _fits(self.hosts, (target.host, *target.groups))
            and _fits(self.packages, target.packages)
            and _fits(self.advisories, (target.advisory,))
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
