# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the inventory of a cycle who its hosts are, and the store what their last scan said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from patchops.paths import DataDirectory
from patchops.policy.model import REST, Cycle, RolloutPolicy
from patchops.policy.placement import Candidate, Placement, place
from patchops.runner.listing import Listing, Matches, list_inventory, match_patterns
from patchops.store.database import open_state
from patchops.store.queries import Sighting, patch_durations, sightings

_TERMS = re.compile(r"[:,&! \[\]]+")


@dataclass(frozen=True)
class Fleet:
    """The hosts of one inventory as Ansible lists and matches them, and as they were last seen.

    `patches`: how long the newest runs of `patch` took.
    """

    inventory: Inventory
    listing: Listing
    matches: Matches
    seen: Mapping[str, Sighting]
    patches: tuple[timedelta, ...] = ()

    @property
    def typical_patch(self) -> timedelta | None:
        """How long a run of `patch` takes, by the median; None where there was none."""
        if not self.patches:
            return None
        return timedelta(seconds=round(median(one.total_seconds() for one in self.patches)))

    def place(self, cycle: Cycle, policy: RolloutPolicy) -> Placement:
        """Return where each host of a cycle stands. The cycle has to be of this inventory."""
        candidates = [self._candidate(name) for name in self.matches.hosts[cycle.hosts]]
        placement = place(
            cycle,
            policy.zone,
            candidates,
            self.matches.hosts,
            {*self.listing.group_names, *self.listing.groups},
        )
        return replace(placement, mistakes=(*self._unread(cycle), *placement.mistakes))

    def _candidate(self, name: str) -> Candidate:
        seen = self.seen.get(name, Sighting(None, None))
        variables = self.listing.variables.get(name, {})
        return Candidate(self.inventory.host(name), variables, seen.platform, seen.reachable)

    def _unread(self, cycle: Cycle) -> Iterable[Problem]:
        """Yield what the cycle's patterns name and nobody is: Ansible would ignore it in silence."""
        places = {"hosts": cycle.hosts}
        places |= {f"rings[{number}].hosts": ring.hosts for number, ring in enumerate(cycle.rings)}
        for place_, pattern in places.items():
            if pattern in self.matches.refused:
                why = self.matches.refused[pattern]
                yield Problem(place_, f"Ansible can't read the pattern {pattern!r}: {why}", "correct it")
            for name in self.matches.unknown:
                if pattern not in (REST, "") and name in _TERMS.split(pattern):
                    yield Problem(
                        place_,
                        f"{name!r} is no host or group of the inventory",
                        "`ansible-inventory -i INVENTORY --graph` shows the names that exist",
                    )


def survey(
    sources: Sequence[str],
    cycles: Iterable[Cycle],
    data: DataDirectory,
    vault_password_files: Sequence[str] = (),
    inventory_name: str | None = None,
) -> Fleet:
    """Return the hosts of an inventory, with the patterns of these cycles matched. Raises InputError."""
    listing = list_inventory(sources, None, vault_password_files)
    inventory = listing.inventory(inventory_name)
    patterns = [
        pattern
        for cycle in cycles
        for pattern in (cycle.hosts, *(ring.hosts for ring in cycle.rings))
        if pattern not in (REST, "")
    ]
    matches = match_patterns(sources, patterns, vault_password_files)
    # Asking makes no database where there is none.
    if not data.server and not data.database.is_file():
        return Fleet(inventory, listing, matches, {})
    engine = open_state(data)
    try:
        seen, took = sightings(engine, inventory.key), patch_durations(engine, inventory.key)
    finally:
        engine.dispose()
    return Fleet(inventory, listing, matches, seen, tuple(timedelta(seconds=round(one)) for one in took))
