# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units before and after: what ran runs again, and what executes replaced files is restarted."""

import re
import time
from typing import Any, Callable, Dict, List, Sequence, TypeVar

from ansible_collections.patchops.fleet.plugins.module_utils.facts.restarts import collect_restarts
from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import has_systemd
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Reader
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# Restarting these cuts logins, the network or the desktop; the new code takes effect with the next reboot.
# sshd is not among them: its unit kills no session when it restarts.
_NEVER_RESTARTED = re.compile(
    r"(dbus|dbus-broker|systemd-logind|elogind|polkit|networking|NetworkManager|systemd-networkd|"
    r"wpa_supplicant|gdm3?|lightdm|sddm|lxdm|xdm|display-manager)\.service\Z|"
    r"(getty|serial-getty|console-getty|container-getty|user|user-runtime-dir|ifup|wpa_supplicant)(@.*)?"
    r"\.service\Z"
)
# Ours, and those that start and end with what people do.
_NOT_KEPT = re.compile(r"(patchops-|user@|user-runtime-dir@|session-|run-)|\.(scope|slice|device|mount)\Z")
# Through these everybody comes in. Restarting them ends no session of ssh and keeps addresses.
_ACCESS = (
    "systemd-networkd.service",
    "NetworkManager.service",
    "wickedd.service",
    "ssh.service",
    "sshd.service",
)
_RESTART_LIMIT = 180
_ALL_LIMIT = 600

# Steps of a transaction: what a change switched, and what others have switched when it goes back.
SWITCHED = "units_switched"
DECIDED = "units_decided"


T = TypeVar("T")


class _Patience:
    """The time for all units together: where systemd itself hangs, each of them would use up its own."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + _ALL_LIMIT

    def systemctl(self, limit: float, *arguments: str) -> bool:
        """Run systemctl for `limit` seconds, or what is left of all; tell whether it succeeded."""
        left = max(1.0, self._ends - time.monotonic())
        return run(["systemctl"] + list(arguments), timeout=min(limit, left)).rc == 0

    def each(self, items: Sequence[T], act: Callable[[T], Any]) -> Sequence[T]:
        """Call `act` with each of `items`; return those for which no time was left."""
        for number, item in enumerate(items):
            if time.monotonic() >= self._ends:
                return items[number:]
            act(item)
        return []


def unit_states() -> Dict[str, Any]:
    """Return {active: {unit: sub state}, failed: [unit], enabled: {unit: enabled|disabled|masked}}."""
    if not has_systemd():
        return {"active": {}, "failed": [], "enabled": {}}
    listed = run(["systemctl", "list-units", "--all", "--plain", "--full", "--no-legend", "--no-pager"])
    files = run(["systemctl", "list-unit-files", "--full", "--no-legend", "--no-pager"])
    return parse_states(listed.stdout, files.stdout)


def parse_states(listed: str, files: str) -> Dict[str, Any]:
    """Read `systemctl list-units` and `list-unit-files`, both plain and without legend."""
    active, failed, enabled = {}, [], {}
    for line in listed.splitlines():
        fields = line.split(None, 4)
        if len(fields) < 4 or _NOT_KEPT.search(fields[0]):
            continue
        if fields[2] == "active":
            active[fields[0]] = fields[3]
        elif fields[2] == "failed":
            failed.append(fields[0])
    for line in files.splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[1] in ("enabled", "disabled", "masked"):
            enabled[fields[0]] = fields[1]
    return {"active": active, "failed": sorted(failed), "enabled": enabled}


def to_start(before: Dict[str, Any], now: Dict[str, Any]) -> List[str]:
    """Return the units that ran before and don't any more.

    One that had finished its work by itself (a oneshot that remains active) counts only when it failed since.
    """
    return sorted(
        unit
        for unit, sub in before["active"].items()
        if unit not in now["active"] and (sub in ("running", "listening", "waiting") or unit in now["failed"])
    )


def to_switch(before: Dict[str, Any], now: Dict[str, Any]) -> List[List[str]]:
    """Return [verb, unit] for units that start at boot now and did not before, or the other way round.

    One that nobody can start any more (masked) becomes again what it was.
    """
    verbs = {"enabled": "enable", "disabled": "disable"}
    masked = [
        ["unmask", unit]
        for unit, state in sorted(before["enabled"].items())
        if state in verbs and now["enabled"].get(unit) == "masked"
    ]
    return masked + [
        [verbs[state], unit]
        for unit, state in sorted(before["enabled"].items())
        if state in verbs and now["enabled"].get(unit) in verbs and now["enabled"][unit] != state
    ]


def switched(before: Dict[str, Any], now: Dict[str, Any]) -> Dict[str, str]:
    """Return {unit: enabled|disabled|masked} for units that were there before and start at boot otherwise."""
    return {
        unit: state
        for unit, state in now["enabled"].items()
        if unit in before["enabled"] and before["enabled"][unit] != state
    }


def decided_since(before: Dict[str, Any], made: Dict[str, str], found: Dict[str, Any]) -> List[str]:
    """Return the units that somebody switched after a change, which had `made` them (see `switched`) so."""
    now = switched(before, found)
    return sorted(unit for unit in set(made) | set(now) if made.get(unit) != now.get(unit))


def restore(before: Dict[str, Any], decided: Sequence[str] = ()) -> Dict[str, List[str]]:
    """Bring units back to the states in `before`; return {started, switched, failed, untried} by unit name.

    The units of `decided` were switched and stopped, or not, by somebody who knew why: they stay so. No time
    was left for those that are `untried`: systemd took it for the others.
    """
    if not has_systemd():
        return {"started": [], "switched": [], "failed": [], "untried": []}
    before = {
        "active": {unit: sub for unit, sub in before["active"].items() if unit not in decided},
        "enabled": {unit: state for unit, state in before["enabled"].items() if unit not in decided},
    }
    patience = _Patience()
    patience.systemctl(120, "daemon-reload")
    now = unit_states()
    switches, stopped = to_switch(before, now), to_start(before, now)
    unswitched = patience.each(switches, lambda switch: patience.systemctl(60, *switch))
    unstarted = patience.each(stopped, lambda unit: _anew(patience, "start", unit))
    active = unit_states()["active"] if stopped else {}
    return {
        "started": [unit for unit in stopped if unit in active],
        "switched": [unit for _verb, unit in switches[: len(switches) - len(unswitched)]],
        "failed": [unit for unit in stopped if unit not in active and unit not in unstarted],
        "untried": sorted(
            {unit for _verb, unit in unswitched} | {unit for unit in unstarted if unit not in active}
        ),
    }


def told(restored: Dict[str, List[str]]) -> str:
    """Return the sentences about what `restore` did not bring back, each with a space before it."""
    text = ""
    if restored["failed"]:
        text += " Units that ran before and did not start: " + ", ".join(restored["failed"]) + "."
    if restored["untried"]:
        text += (
            f" Units that were not started or switched as before, because systemd took {_ALL_LIMIT} seconds "
            f"for the others: {', '.join(restored['untried'])}. See what it waits for (systemctl list-jobs)."
        )
    return text


def _anew(patience: _Patience, verb: str, unit: str) -> None:
    # A unit that failed too often in a row is not started again before its failures are forgotten.
    patience.systemctl(60, "reset-failed", unit)
    patience.systemctl(_RESTART_LIMIT, verb, unit)


def restart_access(before: Dict[str, Any]) -> List[str]:
    """Restart those of the daemons that everybody comes in through that ran before; return them."""
    units = [unit for unit in _ACCESS if unit in before["active"]]
    patience = _Patience()
    untried = patience.each(units, lambda unit: _anew(patience, "restart", unit))
    return units[: len(units) - len(untried)]


def restart_stale(driver: Reader) -> Dict[str, Any]:
    """Restart the units whose processes execute files that were replaced.

    Return {restarted: [unit], failed: [unit], left: [{unit, reason}]}; what is left wants a reboot.
    """
    result: Dict[str, Any] = {"restarted": [], "failed": [], "left": []}
    if not has_systemd():
        return result
    try:
        found = collect_restarts(driver.owners)
    except OSError as error:
        # The packages are installed, or back, all the same.
        result["left"].append({"unit": "all units", "reason": f"what they execute can't be read: {error}"})
        return result
    patience = _Patience()
    units = []
    for stale in found:
        unit = stale["unit"]
        if unit is None or (unit.endswith((".scope", ".slice")) and unit != "init.scope"):
            continue  # a login session or a program of a person: not ours to end
        if unit.startswith("patchops-"):
            continue
        if _NEVER_RESTARTED.match(unit):
            result["left"].append({"unit": unit, "reason": "restarting it would cut logins or the network"})
            continue
        units.append(unit)

    def restart(unit: str) -> None:
        command = ["daemon-reexec"] if unit == "init.scope" else ["try-restart", unit]
        done = patience.systemctl(_RESTART_LIMIT, *command)
        result["restarted" if done else "failed"].append(unit)

    for unit in patience.each(units, restart):
        reason = f"not tried: systemd took {_ALL_LIMIT} seconds for the others"
        result["left"].append({"unit": unit, "reason": reason})
    return result
