# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When versions were first seen in the repositories: the clock of the approval delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Seen = Mapping[str, date]
"""version: the day on which it was first offered, for one package of one platform"""


def record(seen: Seen, version: str, today: date) -> dict[str, date]:
    """Add a version that is offered today; a version seen before keeps its first day."""
    return {**seen, version: min(today, seen.get(version, today))}


def waiting_since(seen: Seen, installed: str, candidate: str, key: Callable[[str], Any]) -> date:
    """Since when a newer version than the installed one has been waiting, up to the candidate.

    A version that superseded another doesn't restart this clock. ``key`` gives the order of versions;
    ``candidate`` must be in ``seen``.
    """
    low, high = key(installed), key(candidate)
    waiting = [day for version, day in seen.items() if low < key(version) and not high < key(version)]
    return min([*waiting, seen[candidate]])
