# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed pacman leaves behind: its lock, and entries of packages that were being unpacked."""

import os
import shutil
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    duplicates,
    read_installed,
)


def read_broken(database: str, arch: str) -> Dict[str, Any]:
    """Return {interrupted, packages: [{name, arch, state}], reason}."""
    packages, damaged = read_installed(database)
    damaged = damaged + [
        {"name": one.name, "version": one.version, "state": "duplicate"} for one in duplicates(packages)
    ]
    # Only root sees who has the lock; for others it is as if it were in use.
    left = os.geteuid() == 0 and locks.is_left(locks.lock_file(database))
    return describe(damaged, locks.lock_file(database) if left else "", arch)


def describe(damaged: List[Dict[str, str]], left_lock: str, arch: str) -> Dict[str, Any]:
    """Judge damaged entries and a lock that nobody holds ("" where there is none). Pure."""
    reasons = []
    if left_lock:
        reasons.append(f"{left_lock} was left by a pacman that was killed")
    if damaged:
        names = ", ".join("{name} {version} ({state})".format(**one) for one in damaged)
        reasons.append(f"pacman was interrupted at {names}")
    return {
        "interrupted": bool(reasons),
        "packages": [{"name": one["name"], "arch": arch, "state": one["state"]} for one in damaged],
        "reason": "; ".join(reasons) or None,
    }


def recover(database: str) -> None:
    """Clear away what a change of our own left, so that pacman can work again.

    Raises DriverError (install_failed) when packages have to be installed anew, by force: their files are
    there, and pacman doesn't know of them.
    """
    _packages, damaged = read_installed(database)
    for one in damaged:
        shutil.rmtree(os.path.join(database, "local", "{name}-{version}".format(**one)), ignore_errors=True)
    lock = locks.lock_file(database)
    if locks.is_left(lock):
        os.unlink(lock)
    if damaged:
        names = ", ".join("{name} {version}".format(**one) for one in damaged)
        raise DriverError("install_failed", f"Half unpacked, and to be installed anew: {names}.", "")
