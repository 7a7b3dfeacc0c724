# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the hosts of a ring into batches, each with its share of every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patchops.policy.model import Amount
from patchops.rollout.counts import total
from patchops.rollout.view import Cell


def plan_batches(cells: Mapping[Cell, int], sizes: Sequence[Amount]) -> tuple[dict[Cell, int], ...]:
    """Return how many hosts of each cell each batch takes.

    A size is a count or a percentage of all hosts, rounded down, at least one host; the last one repeats.
    Each batch holds the cells in the proportion in which they are left, so that the first sees every
    platform that it has room for; the largest remainder goes first.
    """
    left = {cell: number for cell, number in sorted(cells.items()) if number}
    membership = total(left)
    batches: list[dict[Cell, int]] = []
    while left:
        amount = sizes[min(len(batches), len(sizes) - 1)]
        batch = _share(left, max(1, amount.at_most(membership)))
        batches.append(batch)
        left = {
            cell: number - batch.get(cell, 0) for cell, number in left.items() if number > batch.get(cell, 0)
        }
    return tuple(batches)


def _share(left: Mapping[Cell, int], size: int) -> dict[Cell, int]:
    everybody = total(left)
    size = min(size, everybody)
    share = {cell: number * size // everybody for cell, number in left.items()}
    # An absent cell comes before the second host of another one; then the largest remainder.
    order = sorted(left, key=lambda cell: (share[cell] > 0, -(left[cell] * size % everybody), cell))
    for cell in order[: size - total(share)]:
        share[cell] += 1
    return {cell: number for cell, number in share.items() if number}
