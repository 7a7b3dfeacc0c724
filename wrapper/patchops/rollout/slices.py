# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose which hosts a ring changes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from patchops.calendars.schedule import next_opening, opening
from patchops.policy.model import InFlight
from patchops.rollout import gating
from patchops.rollout.commands import StartSlice
from patchops.rollout.counts import plus, total
from patchops.rollout.draft import Draft
from patchops.rollout.states import AttemptKind, Kind, RingState
from patchops.rollout.view import Cell, Taken


def start_slices(draft: Draft, number: int) -> None:
    """Start as many slices of a ring as there are places, open windows and yeses for.

    The counted hosts of the current batch come first, then those outside of the batches.
    """
    ring = draft.ring(number)
    if ring.take_back or draft.runs(AttemptKind.TAKE_BACK, number):
        return
    while taken := choose(draft, number):
        if not gating.ahead(draft, number) or not gating.before_slice(draft, number):
            return
        _start(draft, number, taken)
    gating.use_up(draft, number)


def choose(draft: Draft, number: int) -> tuple[Taken, ...]:
    """Return the hosts of the next slice: of one kind, with an open window, as many as there are places."""
    ring = draft.ring(number)
    sources: list[tuple[Kind, Mapping[Cell, int]]] = []
    if ring.state is RingState.RUNNING:
        sources.append((Kind.COUNTED, ring.waiting))
    sources += [(kind, ring.crowd(kind).ready) for kind in (Kind.STRAGGLER, Kind.INTERMITTENT)]
    for kind, cells in sources:
        able = startable(draft, number, kind, cells)
        limits = draft.view.policy_of(number).max_in_flight
        flying = draft.view.flying(number)
        places = _places(limits, ring.membership, total(flying), draft.view.cycle.shard)
        taken = _fill(kind, able, places, limits.per, flying)
        if taken:
            return taken
    return ()


def startable(draft: Draft, number: int, kind: Kind, cells: Mapping[Cell, int]) -> dict[Cell, int]:
    """Return the cells whose window is open and whose platform may be patched; wakes when another opens."""
    able = {}
    for cell, count in sorted(cells.items()):
        if not may_ever(draft, number, kind, cell):
            continue
        schedule = draft.view.schedules[cell.schedule]
        if opening(schedule, draft.now) is not None:
            able[cell] = count
        else:
            draft.wake_at(next_opening(schedule, draft.now))
    return able


def may_ever(draft: Draft, number: int, kind: Kind, cell: Cell) -> bool:
    """Tell whether a platform may be patched in a ring: the first ring proves, the others need proof."""
    promotes = number > 0 or (draft.view.sealed and kind is not Kind.COUNTED)
    return not promotes or cell.platform in draft.view.proven


def _places(limits: InFlight, membership: int, flying: int, shard: int) -> int:
    if limits.total is None:
        return shard
    return min(shard, max(1, limits.total.at_most(membership)) - flying)


def _fill(
    kind: Kind,
    cells: Mapping[Cell, int],
    places: int,
    per: Mapping[str, int],
    flying: Mapping[Cell, int],
) -> tuple[Taken, ...]:
    busy: dict[tuple[str, str], int] = {}
    for cell, count in flying.items():
        busy = _occupied(busy, cell.places, count)
    taken = []
    for cell, count in cells.items():
        room = [
            per[variable] - busy.get((variable, value), 0)
            for variable, value in cell.places
            if variable in per
        ]
        number = min(count, places, *room)
        if number > 0:
            taken.append(Taken(kind, cell, number))
            places -= number
            busy = _occupied(busy, cell.places, number)
    return tuple(taken)


def _occupied(
    busy: dict[tuple[str, str], int], places: Iterable[tuple[str, str]], count: int
) -> dict[tuple[str, str], int]:
    for place in places:
        busy = plus(busy, place, count)
    return busy


def _start(draft: Draft, number: int, taken: tuple[Taken, ...]) -> None:
    ring = draft.ring(number)
    kind = taken[0].kind
    batch = ring.batch if kind is Kind.COUNTED else None
    for _kind, cell, count in taken:
        if kind is Kind.COUNTED:
            draft.set_ring(number, waiting=plus(draft.ring(number).waiting, cell, -count))
        else:
            ready = plus(draft.ring(number).crowd(kind).ready, cell, -count)
            draft.set_crowd(number, kind, ready=ready)
    key = draft.start(AttemptKind.SLICE, number, batch, taken)
    promote = number > 0 or draft.view.sealed
    draft.commands.append(StartSlice(key, number, batch, taken, promote))
    gating.use_up(draft, number)
