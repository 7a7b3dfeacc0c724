# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that change packages on this host behind our back."""

import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import UnitsError, has_systemd
from ansible_collections.patchops.fleet.plugins.module_utils.process import NOT_FOUND, run

# The units that start an updater, and the ones that are active while it works.
_UPDATERS = {
    "unattended-upgrades": (["apt-daily-upgrade.timer", "apt-daily.timer"], ["apt-daily-upgrade.service"]),
    "packagekit": (["packagekit.service"], ["packagekit-offline-update.service"]),
    "dnf-automatic": (
        ["dnf-automatic.timer", "dnf-automatic-install.timer", "dnf5-automatic.timer"],
        ["dnf-automatic.service", "dnf-automatic-install.service", "dnf5-automatic.service"],
    ),
    "transactional-update": (["transactional-update.timer"], ["transactional-update.service"]),
}
_ENABLED = ("enabled", "enabled-runtime")
# D-Bus starts these when somebody asks: without being enabled they work as long as they are not masked.
_STARTED_ON_DEMAND = ("packagekit",)
_CRON_JOBS = {"cron-apt": "/etc/cron.d/cron-apt", "yum-cron": "/etc/cron.daily/0yum-daily.cron"}


def collect_updaters() -> List[Dict[str, Any]]:
    """Return [{name, units: [{unit, enabled, active}], enabled, active}] of those that are installed."""
    states = _unit_states() if has_systemd() else {}
    updaters = [
        describe(name, states, _is_switched_on(name)) for name in sorted(_UPDATERS) if _is_there(name)
    ]
    found = [updater for updater in updaters if updater["units"]]
    for name, path in sorted(_CRON_JOBS.items()):
        if os.path.exists(path):
            found.append({"name": name, "units": [], "enabled": True, "active": False})
    return found


def describe(name: str, states: Dict[str, Dict[str, str]], switched_on: bool) -> Dict[str, Any]:
    """Return one updater from `systemctl show`'s properties by unit; units that are missing are left out."""
    starters, workers = _UPDATERS[name]
    units = [
        {
            "unit": unit,
            "enabled": states[unit].get("UnitFileState") in _ENABLED,
            "active": states[unit].get("ActiveState") in ("active", "activating", "reloading"),
        }
        for unit in starters + workers
        if states.get(unit, {}).get("LoadState") == "loaded"
    ]
    on_demand = name in _STARTED_ON_DEMAND
    working = workers + starters if on_demand else workers
    return {
        "name": name,
        "units": units,
        "enabled": switched_on
        and any(on_demand or unit["enabled"] for unit in units if unit["unit"] in starters),
        "active": any(unit["active"] for unit in units if unit["unit"] in working),
    }


def parse_show(text: str) -> Dict[str, Dict[str, str]]:
    """Return the properties by unit of `systemctl show -p Id,... UNIT...`."""
    states = {}
    for block in text.split("\n\n"):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in properties:
            states[properties["Id"]] = properties
    return states


def _unit_states() -> Dict[str, Dict[str, str]]:
    units = [unit for starters, workers in _UPDATERS.values() for unit in starters + workers]
    answer = run(["systemctl", "show", "-p", "Id,LoadState,UnitFileState,ActiveState"] + units)
    if answer.rc != 0:
        raise UnitsError("systemctl show: " + (answer.stderr.strip() or f"exit code {answer.rc}"))
    return parse_show(answer.stdout)


def _is_there(name: str) -> bool:
    # The timers belong to apt and are there without it.
    return name != "unattended-upgrades" or os.path.exists("/usr/bin/unattended-upgrade")


def _is_switched_on(name: str) -> bool:
    if name != "unattended-upgrades":
        return True
    # apt's timers run on every Debian host; whether they upgrade anything is apt's own setting.
    answer = run(["apt-config", "dump", "--format", "%f=%v%n", "APT::Periodic"])
    return answer.rc != NOT_FOUND and upgrades_unattended(answer.stdout)


def upgrades_unattended(configuration: str) -> bool:
    """Tell from `apt-config dump` whether apt's timer upgrades packages by itself."""
    values = dict(line.split("=", 1) for line in configuration.splitlines() if "=" in line)
    enabled = values.get("APT::Periodic::Enable", "1") != "0"
    return enabled and values.get("APT::Periodic::Unattended-Upgrade", "0") not in ("0", "")
