# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart services or order a reboot, and tell afterwards what became of it."""

from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import Wishes
from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.rebooting.flow import begin, end
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import fencing, ownership
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.confirming import (
    confirm_all,
    waiting,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.survey import SurveyError

ARGUMENTS = {
    "policy": {"type": "str", "choices": ["auto", "never", "always"], "default": "auto"},
    "restarts": {"type": "str", "choices": ["auto", "never"], "default": "auto"},
    "timeout": {"type": "int", "default": 600},
    "run_id": {"type": "str", "default": ""},
    "fence": {"type": "int"},
    "claim": ownership.ARGUMENTS,
    "phase": {"type": "str", "choices": ["begin", "end"], "default": "begin"},
    "settle": {"type": "int", "default": 60},
    "kernel": {"type": "str"},
    "fallback": {"type": "str", "choices": ["auto", "required", "never"], "default": "auto"},
    "boot_check": {"type": "bool", "default": True},
}


def perform(params: Dict[str, Any], check_mode: bool) -> Result:
    if params["phase"] == "end":
        return _confirmed(end(params["settle"]), params)
    try:
        driver = detect()
        claim = ownership.read_claim(params["claim"], params["run_id"])
        if not check_mode:
            ownership.admit_reboot(StateDirectory(), claim, params["fence"], fencing.PATIENCE)
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy)
    except SurveyError:
        pass  # what can't be read keeps the host from being rebooted below, with the words for it
    wishes = Wishes(params["kernel"] or None, params["fallback"], params["boot_check"])
    return begin(driver, params["policy"], params["restarts"], params["run_id"], check_mode, wishes=wishes)


def _confirmed(result: Result, params: Dict[str, Any]) -> Result:
    """Confirm over the login that this call came by what waits for it; return the call's result."""
    state = StateDirectory()
    if not result["reboot"]["done"] or not waiting(state):
        return result
    try:
        with fencing.admitted(state, params["fence"], fencing.PATIENCE):
            confirm_all(state, "reboot", params["run_id"])
    except DriverError as error:
        message = f"The host has rebooted, which this call may not confirm. {error.message}"
        return make_result(error.code, message, error.remedy, changed=True, reboot=result["reboot"])
    return result


OPERATION = Operation(ARGUMENTS, perform)
