# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that ran before a change and have to run after it."""

from typing import Any, Dict, Iterable, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import parse_show
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,Type,Result,ExecMainStatus,"
    "FragmentPath,InvocationID,NRestarts,ActiveEnterTimestampMonotonic"
)
# Sessions and console logins come and go with people.
_OF_PEOPLE = ("user@", "getty@", "serial-getty@", "console-getty.", "container-getty@")


def belongs_to_people(unit: str) -> bool:
    """Tell whether a unit is somebody's session or a console's login."""
    return unit.startswith(_OF_PEOPLE) or unit.endswith(".scope")


def show_units(names: Iterable[str]) -> Dict[str, Dict[str, str]]:
    """Return {unit: properties as `systemctl show` names them} for the units that systemd answers for."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    answer = run(["systemctl", "show", "--no-pager", "--property=" + _PROPERTIES, "--"] + wanted)
    return parse_show(answer.stdout)


def find_stopped(before: Iterable[str], states: Dict[str, Dict[str, str]]) -> List[Dict[str, Any]]:
    """Return [{unit, detail}] of the units that ran before and don't run now.

    A unit that was started on demand (by the bus, a timer, another unit) may end by itself when its work is
    done; it counts only when it failed. `states` are from `show_units`.
    """
    stopped = []
    for unit in sorted(set(before)):
        state = states.get(unit, {})
        if belongs_to_people(unit) or state.get("ActiveState") in ("active", "reloading"):
            continue
        on_demand = state.get("UnitFileState") in ("static", "transient", "generated", "indirect", "")
        if on_demand and state.get("ActiveState") == "inactive" and state.get("Result") == "success":
            continue
        stopped.append({"unit": unit, "detail": describe(state)})
    return stopped


def find_failed(failed: Iterable[str], states: Dict[str, Dict[str, str]]) -> List[Dict[str, Any]]:
    """Return [{unit, detail}] of failed units, without those of which systemd remembers but the name.

    A unit whose package is gone stays in the list of failed units until somebody resets it.
    """
    return [
        {"unit": unit, "detail": describe(states[unit])}
        for unit in sorted(set(failed))
        if states.get(unit, {}).get("LoadState") == "loaded" and not belongs_to_people(unit)
    ]


def describe(state: Dict[str, str]) -> str:
    """Return a unit's state for people, such as ``failed (exit-code, status 1)``."""
    if not state or state.get("LoadState") == "not-found":
        return "is gone: no such unit"
    active = state.get("ActiveState", "unknown")
    if active == "failed":
        return f"failed ({state.get('Result')}, status {state.get('ExecMainStatus')})"
    return f"{active} ({state.get('SubState')})"
