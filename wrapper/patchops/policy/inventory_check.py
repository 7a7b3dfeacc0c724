# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the cycles of a policy against the hosts of their inventories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from patchops.calendars.occurrences import Timetable
from patchops.errors import InputError
from patchops.paths import DataDirectory
from patchops.policy.fleet import Fleet, survey
from patchops.policy.model import Cycle, RolloutPolicy
from patchops.policy.part import shown
from patchops.policy.placement import Placement, Standing
from patchops.policy.rollouts import Examined
from patchops.policy.worst_case import worst_case

_AHEAD = timedelta(days=120)


@dataclass(frozen=True)
class Inventories:
    """Which inventories are looked at. `sources`: those instead of the ones that the policy names."""

    sources: tuple[str, ...] = ()
    vault_password_files: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class Looked:
    """The placement of each cycle that could be looked at, and what is wrong in the inventories."""

    placements: dict[str, Placement]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def look_at_hosts(examined: Examined, inventories: Inventories, data: DataDirectory, now: datetime) -> Looked:
    """Place the hosts of each cycle that has no mistake in the policy."""
    policy = examined.policy
    sound = [
        cycle
        for name, cycle in policy.cycles.items()
        if examined.sound(f"cycles.{name}")
        and (inventories.sources or examined.sound(f"inventories.{cycle.inventory}"))
    ]
    placements: dict[str, Placement] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name in dict.fromkeys(cycle.inventory for cycle in sound):
        cycles = [cycle for cycle in sound if cycle.inventory == name]
        sources = inventories.sources or tuple(map(str, policy.inventories[name].sources))
        try:
            fleet = survey(sources, cycles, data, inventories.vault_password_files, inventories.name)
        except InputError as error:
            problems.append(Problem(f"inventories.{name}.sources", error.message, error.remedy))
            continue
        for cycle in cycles:
            placement = placements[cycle.name] = fleet.place(cycle, policy)
            problems += _inside(cycle, placement.mistakes)
            warnings += _inside(cycle, placement.warnings)
            warnings += _inside(cycle, _too_slow(cycle, placement, fleet, policy, now))
    return Looked(placements, tuple(problems), tuple(warnings))


def _inside(cycle: Cycle, problems: Sequence[Problem]) -> list[Problem]:
    """Return problems of a cycle with their places counted from the whole policy."""
    inside = f"cycles.{cycle.name}"
    return [
        replace(problem, place=f"{inside}.{problem.place}" if problem.place else inside)
        for problem in problems
    ]


def _too_slow(
    cycle: Cycle, placement: Placement, fleet: Fleet, policy: RolloutPolicy, now: datetime
) -> list[Problem]:
    """Return the rings whose largest batch takes longer than the longest window, as patches took so far."""
    if fleet.typical_patch is None or not cycle.windows:
        return []
    timetable = Timetable(dict(policy.calendars), now, now + _AHEAD)
    lengths = [
        period.end - period.begin for name in cycle.windows for period in timetable.periods(name, policy.zone)
    ]
    longest = max(lengths, default=timedelta())
    found = []
    for number, ring in enumerate(cycle.rings):
        worst = worst_case(ring, placement.of(ring.name, Standing.COUNTABLE))
        if not worst.in_flight:
            continue
        plays = -(-worst.batch // min(worst.in_flight, cycle.shard))
        side_by_side = max(1, worst.in_flight // cycle.shard)
        needed = -(-plays // side_by_side) * fleet.typical_patch
        if needed > longest:
            found.append(
                Problem(
                    f"rings[{number}].batches",
                    f"a batch of {worst.batch} hosts in {ring.name} takes about {shown(needed)}, over "
                    f"any window ({shown(longest)}); a patch took {shown(fleet.typical_patch)} so far",
                    "give smaller batches, more in flight, or longer windows",
                )
            )
    return found
