# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arch's kernels: a package each, whose newer version takes the place of the older one."""

import glob
import os
from typing import Any, Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package

# Every kernel says there of which package it is; mkinitcpio reads the same.
_MARKS = "/usr/lib/modules/*/pkgbase"
# What is in effect after a reboot only, besides kernels.
_REBOOT_FOR = (
    "amd-ucode",
    "dbus",
    "dbus-broker",
    "glibc",
    "intel-ucode",
    "linux-firmware",
    "systemd",
)


def installed_kernels(installed: Dict[str, Package], marks: str = _MARKS) -> List[Dict[str, Any]]:
    """Return [{release, package, version}], those first that were installed first."""
    kernels = []
    for mark in glob.glob(marks):
        package = installed.get(read_text(mark))
        if package is not None:
            release = os.path.basename(os.path.dirname(mark))
            kernels.append((package.installed_at, release, package))
    return [
        {"release": release, "package": package.name, "version": package.version}
        for _time, release, package in sorted(kernels)
    ]


def asking_for_reboot(installed: Dict[str, Package], kernels: List[str], started: float) -> List[str]:
    """Return the packages, of `kernels` and a few others, that were installed after the start. Pure."""
    return sorted(
        one.name
        for one in installed.values()
        if one.installed_at > started and (one.name in kernels or one.name in _REBOOT_FOR)
    )
