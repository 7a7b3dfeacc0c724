# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether units stay up. One look at a service that restarts every two seconds often finds it active.

systemd counts each start: a new start has a new invocation id, and a restart that systemd made by itself
(Restart=) is counted too. Units that have run long enough already are not waited for.
"""

import time
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import (
    entered_at,
    restarts_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import (
    belongs_to_people,
    find_stopped,
    show_units,
)

# How often a unit may be started anew by somebody else while it is watched, before that is called a fault.
_ROUNDS = 3

States = Dict[str, Dict[str, str]]


class Life(NamedTuple):
    """One start of a unit. `entered`: seconds of the monotonic clock, None where systemd doesn't tell."""

    invocation: str
    restarts: int
    entered: Optional[float]


def lives(states: States) -> Dict[str, Life]:
    """Return the present life of each unit that is active. Pure."""
    return {
        unit: Life(state.get("InvocationID", ""), restarts_of(state), entered_at(state))
        for unit, state in states.items()
        if state.get("ActiveState") in ("active", "reloading") and not belongs_to_people(unit)
    }


def seconds_left(present: Iterable[Life], stable: float, now: float) -> float:
    """Return how long to wait until each life has lasted `stable` seconds at `now` (monotonic). Pure."""
    ages = [now - life.entered for life in present if life.entered is not None]
    return max([stable - age for age in ages if age < stable] or [0.0])


def restarted(before: Dict[str, Life], after: Dict[str, Life]) -> List[Dict[str, Any]]:
    """Return [{unit, detail}] of the units that systemd restarted by itself between two looks. Pure."""
    return [
        {
            "unit": unit,
            "detail": "does not stay up: restarts by systemd while it was watched: "
            f"{after[unit].restarts - life.restarts}",
        }
        for unit, life in sorted(before.items())
        if unit in after and after[unit].restarts > life.restarts
    ]


def started_anew(before: Dict[str, Life], after: Dict[str, Life]) -> List[str]:
    """Return the units that somebody or something started anew between two looks. Pure."""
    return [
        unit for unit in sorted(before) if unit in after and after[unit].invocation != before[unit].invocation
    ]


def watch(
    units: List[str],
    stable: float,
    at_least: float = 0.0,
    look: Callable[[Iterable[str]], States] = show_units,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> List[Dict[str, Any]]:
    """Wait until `units` have stayed up for `stable` seconds; return [{unit, detail}] of those that don't.

    `at_least`: seconds to wait even where no unit has been started lately.
    """
    if not units and not at_least:
        return []
    before = lives(look(units))
    for _round in range(_ROUNDS):
        left = min(stable, max(at_least, seconds_left(before.values(), stable, clock())))
        if left <= 0:
            return []
        sleep(left)
        states = look(units)
        after = lives(states)
        unstable = restarted(before, after)
        gone = {item["unit"] for item in unstable}
        unstable += [one for one in find_stopped(before, states) if one["unit"] not in gone]
        anew = started_anew(before, after)
        if unstable or not anew:
            return unstable
        before, at_least = after, 0.0
    return [{"unit": unit, "detail": "was started anew each time it was looked at"} for unit in anew]
