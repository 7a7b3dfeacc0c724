# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave a kernel that is to be removed while nobody can log in: the host boots the former one by itself."""

import os

from ansible_collections.patchops.fleet.plugins.module_utils.booting.boot_once import BootOrderError
from ansible_collections.patchops.fleet.plugins.module_utils.booting.next_boot import (
    NextBoot,
    NotFit,
    Wishes,
)
from ansible_collections.patchops.fleet.plugins.module_utils.booting.ordering import order_reboot
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import TransactionDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import running_kernel

_STEP = "leave_kernel"


def leave_kernel(driver: Driver, directory: TransactionDirectory) -> bool:
    """Order a boot of the kernel that ran before a transaction; tell whether the host goes down now.

    Once in the life of a transaction: where that kernel doesn't come up, another try would be one too many.
    """
    journal = Journal(directory.journal)
    if any(entry.get("step") == _STEP for entry in journal.entries()):
        return False
    try:
        running_kernel.check(driver, directory)
        return False
    except DriverError as error:
        kernel = (error.details.get("reboot_first") or {}).get("kernel")
    if not kernel:
        return False
    journal.append("step", step=_STEP, kernel=kernel)
    boot = NextBoot({"kernel": {"running": os.uname().release}}, Wishes(kernel, "never", True))
    try:
        boot.decide()
        boot.prepare()
    except (NotFit, BootOrderError) as error:
        journal.append("step", step="kernel_not_left", reason=str(error))
        return False
    return order_reboot()
