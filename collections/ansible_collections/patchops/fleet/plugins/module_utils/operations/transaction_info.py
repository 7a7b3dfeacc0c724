# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the journals of a host's transactions."""

import os
from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import ownership
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.answers import inform
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.planning import platform
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.survey import SurveyError

ARGUMENTS = {
    "id": {"type": "str"},
    "wait_seconds": {"type": "int", "default": 0},
    "run_id": {"type": "str"},
    "claim": ownership.ARGUMENTS,
}


def perform(params: Dict[str, Any], check_mode: bool) -> Result:
    try:
        if os.geteuid() != 0:
            raise DriverError("not_root", "Journals are readable for root alone.", "Set become: true.")
        if not check_mode:
            ownership.renew(StateDirectory(), ownership.read_claim(params["claim"], params["run_id"]))
        return inform(StateDirectory(), params["id"], params["wait_seconds"], platform(detect()))
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy, transaction=None, transactions=[])
    except SurveyError as error:
        return make_result(
            "transaction_state",
            f"{error}.",
            "Move that directory away when its transaction is of no interest any more.",
            transaction=None,
            transactions=[],
        )


OPERATION = Operation(ARGUMENTS, perform)
