# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many hosts of a ring can be lost at worst: the budget, and what is under way when it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from patchops.policy.model import Ring
from patchops.policy.placement import Placed


@dataclass(frozen=True)
class WorstCase:
    """Numbers of hosts of one ring. `batch`: the largest one; `lost`: budget and in flight together."""

    membership: int
    batch: int
    budget: int
    in_flight: int
    lost: int


def worst_case(ring: Ring, counted: Sequence[Placed]) -> WorstCase:
    """Return the worst case of a ring with these countable hosts.

    The budget is read before a slice starts, so all that is under way at that moment can still be lost.
    """
    membership = len(counted)
    batch = min(membership, max(max(1, size.at_most(membership)) for size in ring.batches))
    in_flight = batch
    if ring.max_in_flight.total is not None:
        in_flight = min(batch, max(1, ring.max_in_flight.total.at_most(membership)))
    for variable, limit in ring.max_in_flight.per.items():
        values = Counter(dict(host.places).get(variable, "") for host in counted)
        in_flight = min(in_flight, sum(min(limit, hosts) for hosts in values.values()))
    budget = min(membership, ring.max_failures.at_most(membership))
    return WorstCase(membership, batch, budget, in_flight, min(membership, budget + in_flight))
