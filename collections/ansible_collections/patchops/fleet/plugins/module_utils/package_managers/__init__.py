# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers that PatchOps drives, and which of them a host has."""

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import Apt
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import Dnf

# Named here because modules are shipped to hosts with what they import statically.
_DRIVERS = (Apt, Dnf)


def detect() -> Driver:
    """Return the driver of the host's package manager; raises DriverError when none fits."""
    for driver_class in _DRIVERS:
        driver = driver_class()
        if driver.available():
            return driver
    raise DriverError(
        "unsupported_platform",
        "No package manager that PatchOps knows was found; nothing was changed.",
        "PatchOps drives " + ", ".join(driver_class.name for driver_class in _DRIVERS) + ".",
    )
