# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When hosts may be changed: periods in UTC, sorted, apart from each other, already cut off at their ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period

ALWAYS: Final = (
    Period(datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)),
)
"""The schedule without windows and freezes."""


def opening(schedule: Sequence[Period], now: datetime) -> Period | None:
    """Return the period of `schedule` that holds `now`."""
    at = bisect_right(schedule, now, key=lambda period: period.begin) - 1
    return schedule[at] if at >= 0 and now < schedule[at].end else None


def next_opening(schedule: Sequence[Period], now: datetime) -> datetime | None:
    """Return when `schedule` opens next after `now`; None: never within what was computed."""
    at = bisect_right(schedule, now, key=lambda period: period.begin)
    return schedule[at].begin if at < len(schedule) else None


def schedule_of(
    windows: Iterable[Period] | None,
    freezes: Iterable[Period],
    cutoff: timedelta,
    within: Iterable[Period] | None = None,
) -> tuple[Period, ...]:
    """Return when something may begin: inside a window, no later than its end less `cutoff`, in no freeze.

    :param windows: None is no window at all: always
    :param within: the host's own windows, which narrow the others
    """
    open_periods = _merged(ALWAYS if windows is None else windows)
    if within is not None:
        open_periods = _common(open_periods, _merged(within))
    if windows is not None or within is not None:
        open_periods = [
            Period(period.begin, period.end - cutoff, period.reason)
            for period in open_periods
            if period.begin < period.end - cutoff
        ]
    return tuple(_without(open_periods, _merged(freezes)))


def _merged(periods: Iterable[Period]) -> list[Period]:
    """Return sorted periods that neither overlap nor touch."""
    merged: list[Period] = []
    for period in sorted(periods, key=lambda one: (one.begin, one.end)):
        if merged and period.begin <= merged[-1].end:
            merged[-1] = Period(merged[-1].begin, max(merged[-1].end, period.end), merged[-1].reason)
        else:
            merged.append(period)
    return merged


def _common(one: Sequence[Period], other: Sequence[Period]) -> list[Period]:
    return [
        Period(max(first.begin, second.begin), min(first.end, second.end))
        for first in one
        for second in other
        if first.begin < second.end and second.begin < first.end
    ]


def _without(periods: Iterable[Period], holes: Sequence[Period]) -> list[Period]:
    left = list(periods)
    for hole in holes:
        kept: list[Period] = []
        for period in left:
            if hole.end <= period.begin or period.end <= hole.begin:
                kept.append(period)
                continue
            if period.begin < hole.begin:
                kept.append(Period(period.begin, hole.begin, period.reason))
            if hole.end < period.end:
                kept.append(Period(hole.end, period.end, period.reason))
        left = kept
    return left
