# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the plan of a transaction: the package manager's own, judged before it is frozen."""

import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Blocked, freeze
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.shape import document
from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import (
    read_os_release,
    version_of,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, Reader
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import preflight, survey
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import (
    Rule,
    classify,
)


def make_plan(
    driver: Driver,
    request: Dict[str, Any],
    records: List[survey.Record],
    refresh: bool,
) -> Dict[str, Any]:
    """Return the plan for a request, with what holds and blocks keep out of it. Changes nothing.

    Raises DriverError where the host is in no state to be changed, or the plan would harm it.
    """
    preflight.check_writable(driver)
    preflight.check_not_full(driver)
    preflight.check_clean(driver)
    errors = driver.refresh() if refresh else []
    preflight.check_repositories(driver.repositories(), errors)
    blocked = [
        dict(one, transaction=record.directory.id) for record in records for one in record.view.blocked
    ]
    made = driver.plan(request["selection"], request["allow_removals"], blocked)
    plan: Dict[str, Any] = document(freeze(made, [Blocked(**one) for one in blocked], platform(driver)))
    if plan["packages"]:
        rules = [Rule(**one) for one in request["way_back_classes"]]
        kernels = driver.kernel_packages()
        preflight.check_kernels(plan, kernels, os.uname().release)
        plan["packages"] = classify(plan["packages"], rules, driver.name, kernels)
        preflight.check_space(driver, preflight.staging_needs(plan, request["way_back"]))
    return plan


def platform(driver: Reader) -> str:
    """Return the key of the host's platform in a patch set: ``debian-12-amd64``."""
    release = read_os_release()
    return "{}-{}-{}".format(release.get("ID", "unknown"), version_of(release) or "", driver.platform_arch())
