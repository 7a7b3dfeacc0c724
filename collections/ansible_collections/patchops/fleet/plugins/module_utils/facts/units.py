# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units of systemd run and which have failed."""

import os
import time
from typing import Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# A unit that systemd has restarted so often, and again within so many seconds, does not stay up.
_MANY_RESTARTS = 3
_SHORT_WHILE = 60.0


class UnitsError(Exception):
    """systemd runs the host but did not answer."""


def has_systemd() -> bool:
    """Tell whether systemd is the init of this boot."""
    return os.path.isdir("/run/systemd/system")


def collect_units() -> Optional[Dict[str, List[str]]]:
    """Return {failed, running}, None without systemd; raises UnitsError."""
    if not has_systemd():
        return None
    answer = run(["systemctl", "list-units", "--all", "--plain", "--full", "--no-legend", "--no-pager"])
    if answer.rc != 0:
        raise UnitsError("systemctl list-units: " + (answer.stderr.strip() or f"exit code {answer.rc}"))
    return parse_units(answer.stdout)


def parse_units(text: str) -> Dict[str, List[str]]:
    """Return the failed units of any type and the running services from `systemctl list-units --all`."""
    failed, running = [], []
    for line in text.splitlines():
        fields = line.split(None, 4)
        if len(fields) < 4:
            continue
        unit, _load, active, sub = fields[:4]
        if active == "failed":
            failed.append(unit)
        elif unit.endswith(".service") and sub == "running":
            running.append(unit)
    return {"failed": sorted(failed), "running": sorted(running)}


def collect_unsteady() -> List[str]:
    """Return the services that systemd restarts again and again."""
    if not has_systemd():
        return []
    asked = "--property=Id,NRestarts,ActiveEnterTimestampMonotonic"
    answer = run(["systemctl", "show", "--no-pager", asked, "*.service"])
    return find_unsteady(parse_show(answer.stdout), time.monotonic())


def find_unsteady(states: Dict[str, Dict[str, str]], now: float) -> List[str]:
    """Return the units that systemd restarted several times, the last time a short while before `now`. Pure.

    `now` is of the monotonic clock, in seconds.
    """
    return sorted(
        unit
        for unit, state in states.items()
        if restarts_of(state) >= _MANY_RESTARTS and now - (entered_at(state) or now) < _SHORT_WHILE
    )


def parse_show(text: str) -> Dict[str, Dict[str, str]]:
    """Return {unit: properties} from the blocks that `systemctl show` prints."""
    units = {}
    for block in text.split("\n\n"):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if properties.get("Id"):
            units[properties["Id"]] = properties
    return units


def restarts_of(state: Dict[str, str]) -> int:
    """Return how often systemd has restarted a unit by itself since somebody started it."""
    return _number(state.get("NRestarts"))


def entered_at(state: Dict[str, str]) -> Optional[float]:
    """Return when a unit became active, in seconds of the monotonic clock; None: not told."""
    microseconds = _number(state.get("ActiveEnterTimestampMonotonic"))
    return microseconds / 1e6 if microseconds else None


def _number(text: Optional[str]) -> int:
    return int(text) if text is not None and text.isdigit() else 0
