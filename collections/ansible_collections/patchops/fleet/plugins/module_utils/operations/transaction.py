# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a transaction to a state, or start what brings it there."""

import os
from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect_driver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import ownership
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.arguments import (
    read_rules,
    read_selection,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.calls import Call, read_machine_id
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.survey import SurveyError

ARGUMENTS = {
    "state": {
        "type": "str",
        "choices": ["staged", "applied", "confirmed", "reverted", "committed", "disowned"],
        "required": True,
    },
    "id": {"type": "str"},
    "packages": {"type": "list", "elements": "str"},
    "patch_set": {"type": "raw"},
    "platform": {"type": "str"},
    "select": {"type": "str", "choices": ["security", "all"]},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 3600},
    "lock_timeout": {"type": "int", "default": 120},
    "refresh": {"type": "bool", "default": True},
    "allow_removals": {"type": "bool", "default": False},
    "way_back": {"type": "str", "choices": ["required", "best_effort", "none"], "default": "required"},
    "way_back_classes": {"type": "list", "elements": "dict", "default": []},
    "without_snapshot": {
        "type": "str",
        "choices": ["refuse", "refuse_to_apply", "forward_only"],
        "default": "refuse",
    },
    "snapshot": {"type": "str"},
    "way_back_limit": {"type": "bytes", "default": "2G"},
    "restart_services": {"type": "bool", "default": True},
    "confirm_within": {"type": "int", "default": 900},
    "access_packages": {"type": "list", "elements": "str", "default": []},
    "generation": {"type": "int", "default": 1},
    "fence": {"type": "int"},
    "claim": ownership.ARGUMENTS,
    "supersede_staged": {"type": "bool", "default": False},
    "run_id": {"type": "str"},
}


def perform(params: Dict[str, Any], check_mode: bool) -> Result:
    try:
        selection = read_selection(params)
        options = dict(params, way_back_classes=read_rules(params))
        if os.geteuid() != 0 and not check_mode:
            raise DriverError(
                "not_root", "Changing packages needs root; nothing was changed.", "Set become: true."
            )
        call = Call(StateDirectory(), detect_driver(), options, selection, read_machine_id())
        return call.preview() if check_mode else call.run()
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy, transaction=None, **error.details)
    except SurveyError as error:
        return make_result(
            "transaction_state",
            f"{error}. Nothing was changed.",
            "Move that directory away when its transaction is of no interest any more, then call again.",
            transaction=None,
        )
    except OSError as error:
        # A full disk, say: whether the worker was started by then is in the journal, not here.
        return make_result(
            "outcome_unknown",
            f"The call was interrupted ({error}); the transaction may have begun.",
            "Put that right. If it has begun, it goes on by itself: the same call attaches, or begins.",
            changed=not check_mode,
            transaction=None,
        )


OPERATION = Operation(ARGUMENTS, perform, (("packages", "patch_set", "select"),))
