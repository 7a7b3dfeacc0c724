# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that a policy declares to be judged by other means than feeds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Elsewhere:
    """Packages that the owner has judged by other means, until a day. An empty part leaves that side open."""

    id: str
    owner: str
    reason: str
    until: date
    origins: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    def covers(self, package: str, origin: str, names: Iterable[str]) -> bool:
        """names: of the host and its groups."""
        return (
            _fits(self.origins, (origin,)) and _fits(self.packages, (package,)) and _fits(self.hosts, names)
        )


def _fits(patterns: tuple[str, ...], names: Iterable[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
