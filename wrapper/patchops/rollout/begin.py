# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the first view of a rollout from where its hosts were placed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Final, NamedTuple

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.policy.model import Cycle
from patchops.rollout.counts import counted
from patchops.rollout.states import Kind
from patchops.rollout.view import Cell, Crowd, RingView, RolloutView

_EARLIEST: Final = datetime.min.replace(tzinfo=timezone.utc)


class Placed(NamedTuple):
    """`number` hosts of a ring (from 0), kind and cell; `away`: such as did not answer at the last scan."""

    ring: int
    kind: Kind
    cell: Cell
    number: int = 1
    away: bool = False


def new_rollout(
    key: str,
    cycle: Cycle,
    starts: datetime,
    placed: Iterable[Placed],
    schedules: Mapping[str, Sequence[Period]],
    requester: str = "",
) -> RolloutView:
    """Return a rollout that starts at `starts` (UTC) and has not begun.

    :param requester: who started it by hand; a scheduled start has none
    """
    hosts = list(placed)
    rings = tuple(
        RingView(
            waiting=counted(
                (one.cell, one.number) for one in hosts if one.ring == number and one.kind is Kind.COUNTED
            ),
            crowds={
                kind: crowd
                for kind in (Kind.STRAGGLER, Kind.INTERMITTENT)
                if (crowd := _crowd(hosts, number, kind)) != Crowd()
            },
        )
        for number in range(len(cycle.rings))
    )
    return RolloutView(key, cycle, starts, _EARLIEST, rings, schedules, requester=requester)


def _crowd(hosts: Iterable[Placed], ring: int, kind: Kind) -> Crowd:
    mine = [one for one in hosts if one.ring == ring and one.kind is kind]
    return Crowd(
        ready=counted((one.cell, one.number) for one in mine if not one.away),
        away=counted((one.cell, one.number) for one in mine if one.away),
    )
