# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a baseline looks at and what it says: pending updates, rules, decisions. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Update:
    """One newer version of one package that the repositories of one platform offer."""

    platform: str
    """``<os.id>-<version_id>-<arch>``, the key of patch sets."""
    name: str
    arch: str
    version: str
    source: str
    origin: str
    suite: str
    classification: str
    """``security``, ``bugfix``, ``enhancement`` or ``unknown``."""
    severity: str | None
    exploited: bool
    """It fixes a vulnerability of CISA's KEV."""
    first_seen: date
    """Since when this version has been seen in the repository; a re-issued notice doesn't restart it."""
    waiting_since: date
    """Since when some newer version has been waiting; a re-issued update doesn't restart it."""
    requires: frozenset[str] = frozenset()
    """Names of packages whose update this one needs, where that is known."""
    sha256: str | None = None
    size: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.platform, self.name, self.arch, self.version)


@dataclass(frozen=True)
class Approve:
    """Approves updates that fit, when they have been seen for ``after`` days."""

    name: str
    classifications: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    after: int = 0
    """Days since the version was first seen."""
    max_age: int | None = None
    """Days after which a package that keeps being re-issued is approved in its newest version anyway."""

    def fits(self, update: Update) -> bool:
        return (
            _named(self.classifications, (update.classification,))
            and (not self.severities or update.severity is None or update.severity in self.severities)
            and _named(self.packages, (update.name, update.source))
            and _named(self.origins, (update.origin,))
        )


@dataclass(frozen=True)
class Pin:
    """Holds a package at one version: no other is approved."""

    package: str
    version: str
    reason: str

    def fits(self, update: Update) -> bool:
        return _named((self.package,), (update.name, update.source))


@dataclass(frozen=True)
class Reject:
    """Refuses updates until somebody takes the rule away or its last day passes."""

    packages: tuple[str, ...]
    reason: str
    versions: tuple[str, ...] = ()
    """Only these versions; empty: all."""
    with_dependencies: bool = True
    """Refuse also the updates that need the refused one, and the others of its source package."""
    until: date | None = None

    def fits(self, update: Update, today: date) -> bool:
        return (
            (self.until is None or today <= self.until)
            and _named(self.packages, (update.name, update.source))
            and (not self.versions or update.version in self.versions)
        )


@dataclass(frozen=True)
class Baseline:
    """The rules of a policy. The default approves what its repositories call a security update, at once."""

    approve: tuple[Approve, ...] = (Approve("security at once", classifications=("security",)),)
    pin: tuple[Pin, ...] = ()
    reject: tuple[Reject, ...] = ()
    kev_at_once: bool = True
    """A KEV entry passes the delay."""


@dataclass(frozen=True)
class Decision:
    """What the baseline says about one update."""

    update: Update
    verdict: str
    """``approved``, ``delayed``, ``not_selected``, ``pinned`` or ``rejected``."""
    reason: str
    approved_on: date | None = None
    """For ``delayed``: the day from which it is approved if nothing newer appears."""


def _named(patterns: tuple[str, ...], names: Iterable[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
