# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings are wanted, and what is found: the same for a database and for a file of findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey


@dataclass(frozen=True)
class Wanted:
    """Which findings are wanted. Values of one field are alternatives, and all fields have to fit.

    Hosts (by name or label), advisories and packages are shell patterns. `due_before`: a day, as in findings.
    """

    hosts: Sequence[str] = ()
    cves: Sequence[str] = ()
    advisories: Sequence[str] = ()
    packages: Sequence[str] = ()
    states: Sequence[str] = ()
    due_before: str | None = None
    overdue: bool = False
    exploited: bool = False


@dataclass(frozen=True)
class Found:
    """The most urgent of the findings that fit, and how many fit. `names`: how to show each host."""

    findings: list[dict[str, Any]]
    count: int
    names: Mapping[HostKey, str]


def fits(patterns: Sequence[str], *names: str | None) -> bool:
    """Whether a name fits one of the shell patterns; without patterns each does."""
    return not patterns or any(
        fnmatchcase(name, pattern) for name in names if name is not None for pattern in patterns
    )
