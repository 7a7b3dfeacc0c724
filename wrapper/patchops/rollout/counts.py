# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters by key, as plain mappings that are never changed in place and never hold a zero."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def plus(counts: Mapping[K, int], key: K, number: int) -> dict[K, int]:
    """Return the counters with `number` more (or fewer) at `key`; ValueError below zero."""
    changed = dict(counts)
    value = changed.pop(key, 0) + number
    if value < 0:
        raise ValueError(f"{key!r} would be counted {value} times")
    if value:
        changed[key] = value
    return changed


def total(counts: Mapping[K, int]) -> int:
    """Return the sum of all counters."""
    return sum(counts.values())


def added(*many: Mapping[K, int]) -> dict[K, int]:
    """Return the sums of several counters."""
    result: dict[K, int] = {}
    for counts in many:
        for key, number in counts.items():
            result[key] = result.get(key, 0) + number
    return result


def counted(pairs: Iterable[tuple[K, int]]) -> dict[K, int]:
    """Return counters from pairs; the same key may come more than once."""
    return {key: number for key, number in added(*({key: number} for key, number in pairs)).items() if number}
