# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel that runs is never removed: taking a new one back takes a boot of the former one first."""

import os
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.kernel import newest_of_flavour
from ansible_collections.patchops.fleet.plugins.module_utils.facts.machine import detect_virtualization
from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import TransactionDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import is_revertible


def check(driver: Driver, directory: TransactionDirectory) -> None:
    """Raise DriverError when taking a transaction back would remove the running kernel.

    Its details name the kernel to boot first: ``reboot_first: {kernel}``, None where there is no other.
    """
    changes = [one for one in read_json(directory.plan)["packages"] if is_revertible(one)]
    # Reading the kernels takes a while, and most transactions brought none.
    if all(one["from"] for one in changes) or detect_virtualization()["kind"] == "container":
        return
    kernels, running = driver.kernel_packages(), os.uname().release
    if running not in releases_brought(changes, kernels):
        return
    other = kernel_to_boot(changes, kernels, _former_kernel(directory))
    raise DriverError(
        "kernel_runs",
        f"Kernel {running}, which would be removed, is the one that runs. Nothing was changed.",
        f"Boot kernel {other} first (patchops.fleet.reboot with kernel: {other}), then call again; the "
        "playbook rollback does both."
        if other
        else "No other kernel is installed: install one and boot it, then call again.",
        details={"reboot_first": {"kernel": other}},
    )


def _former_kernel(directory: TransactionDirectory) -> Optional[str]:
    """Return the release that ran when the transaction was applied, None where that was not noted."""
    try:
        former = read_json(directory.way_back_state).get("kernel")
    except FileNotFoundError:
        return None
    return str(former) if former else None


def releases_brought(changes: List[Dict[str, Any]], kernels: List[Dict[str, Any]]) -> List[str]:
    """Return the releases of the installed `kernels` that `changes` put onto the host. Pure."""
    brought = {(one["name"], one["to"]) for one in changes if not one["from"]}
    return [one["release"] for one in kernels if (one["package"], one["version"]) in brought]


def kernel_to_boot(
    changes: List[Dict[str, Any]], kernels: List[Dict[str, Any]], former: Optional[str]
) -> Optional[str]:
    """Return the release to boot before `changes` go back: the former one, else the newest left. Pure."""
    going = releases_brought(changes, kernels)
    left = [one for one in kernels if one["release"] not in going]
    if former in [one["release"] for one in left]:
        return former
    newest = newest_of_flavour(left, former or (going + [""])[0])
    return str(newest["release"]) if newest else None
