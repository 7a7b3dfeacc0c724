# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package managers that PatchOps drives, and which of them a host has."""

import shutil

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import (
    Driver,
    DriverError,
    Reader,
)

# Modules are sent to hosts with what they import statically, and compiled there in every call anew. A driver
# is imported where it is needed, and costs other hosts nothing.


def _apt() -> Driver:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import Apt

    return Apt()


def _dnf() -> Driver:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import Dnf

    return Dnf()


def _dnf5() -> Driver:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5 import Dnf5

    return Dnf5()


def _zypper() -> Driver:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import Zypper

    return Zypper()


def _pacman() -> Driver:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import Pacman

    return Pacman()


def _apk() -> Reader:
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apk import Apk

    return Apk()


# The program without which a host can't have it, and what reads it; the first that fits is taken.
_DRIVERS = (
    # SUSE's repositories have dnf, and a command apt-get that calls zypper.
    ("zypper", _zypper),
    ("apt-get", _apt),
    ("dnf", _dnf),
    ("dnf5", _dnf5),
    ("pacman", _pacman),
    ("apk", _apk),
)


def detect() -> Reader:
    """Return what reads the host's package manager; raises DriverError when none fits."""
    for program, make in _DRIVERS:
        if shutil.which(program):
            driver = make()
            if driver.available():
                return driver
    raise DriverError(
        "unsupported_platform",
        "No package manager that PatchOps knows was found; nothing was changed.",
        "PatchOps drives those of these programs: " + ", ".join(program for program, _make in _DRIVERS) + ".",
    )


def detect_driver() -> Driver:
    """Return what changes the host; where nothing can, what refuses to. Raises DriverError when none fits."""
    found = detect()
    if isinstance(found, Driver):
        return found
    from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.read_only import ReadOnly

    return ReadOnly(found)
