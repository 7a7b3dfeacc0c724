# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that the host is as it should be."""

from typing import Any, Dict

from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import detect, source_terms
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import ownership
from ansible_collections.patchops.fleet.plugins.module_utils.verification.flow import Caller, verify
from ansible_collections.patchops.fleet.plugins.module_utils.verification.spec import (
    CHECK_ARGUMENTS,
    PACKAGE_ARGUMENTS,
)

ARGUMENTS = {
    "packages": PACKAGE_ARGUMENTS,
    "transaction": {"type": "str"},
    "checks": CHECK_ARGUMENTS,
    "settle": {"type": "int", "default": 30},
    "run_id": {"type": "str"},
    "fence": {"type": "int"},
    "claim": ownership.ARGUMENTS,
    "security_sources": source_terms.ARGUMENT,
    "stable": {"type": "int", "default": 10},
    # For the controller's half, which says no more of it.
    "new_login": {"type": "bool", "default": True},
}


def perform(params: Dict[str, Any], check_mode: bool) -> Result:
    try:
        driver = detect()
        claim = ownership.read_claim(params["claim"], params["run_id"])
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy)
    driver.source_terms = source_terms.terms_of(params["security_sources"])
    try:
        result, document = verify(
            driver,
            params["packages"],
            params["checks"],
            params["transaction"],
            params["settle"],
            keep=not check_mode,
            caller=Caller(claim, params["fence"]),
            stable=params["stable"],
        )
    except DriverError as error:
        return make_result(error.code, error.message, error.remedy)
    return dict(result, patchops_payload=encode(document))


OPERATION = Operation(ARGUMENTS, perform)
