# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel runs, which ones are installed, and which one the boot loader would start."""

import os
import re
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import read_loader

# What the running kernel says of its own package: "#1 SMP Debian 6.1.106-3 (2024-08-26)".
_DEBIAN_BUILD = re.compile(r"\bDebian (\S+)")
_FLAVOUR = re.compile(r"^\d[\w.+~]*(?:-(?:\d[\w.]*(?:-|$))?|$)")
# 5.14.0-427.el9.x86_64, 5.14.0-427.el9.x86_64+rt
_RPM_RELEASE = re.compile(
    r"^\d[^+]*\.(?:x86_64|aarch64|ppc64le|s390x|riscv64|loongarch64|i[3-6]86|armv\w+|ppc64)(?:\+(.*))?$"
)
# Arch: 6.1.9-arch1-1, 6.1.9-zen1-1-zen; 6.1.20-1-lts is like Debian's.
_ARCH_RELEASE = re.compile(r"^\d[\d.]*-([a-z]+)\d+-\d+(?:-\w+)?$")


def collect_kernel(installed: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the `kernel` part of the host document; `installed` runs from the oldest to the newest."""
    running = os.uname()
    owner = owner_of(installed, running.release)
    newest = newest_of_running(installed, running.release)
    return {
        "running": running.release,
        "running_build": _build(running.version),
        "running_package": {"name": owner["package"], "version": owner["version"]} if owner else None,
        "installed": installed,
        "newest_installed": newest["release"] if newest else None,
        "default_boot": read_default_boot(),
    }


def owner_of(installed: List[Dict[str, Any]], release: str) -> Optional[Dict[str, Any]]:
    """Return the installed kernel that is this release, None where no package has it."""
    return next((one for one in reversed(installed) if one["release"] == release), None)


def newest_of_running(installed: List[Dict[str, Any]], running: str) -> Optional[Dict[str, Any]]:
    """Return the newest installed kernel of the running one's family, None where that family isn't known.

    A package manager that keeps one version of a kernel takes the files of the running one away with an
    update: then the one package of the same flavour, whose name carries no release, took its place.
    """
    owner = owner_of(installed, running)
    if owner is not None:
        return [one for one in installed if is_same_family(one, owner)][-1]
    replaced = [
        one
        for one in installed
        if one["release"] not in one["package"] and flavour(one["release"]) == flavour(running) != ""
    ]
    return replaced[-1] if replaced else None


def newest_of_flavour(installed: List[Dict[str, Any]], running: str) -> Optional[Dict[str, Any]]:
    """Return the newest kernel of the running one's family or flavour (cloud-amd64), else the newest of
    all."""
    same = newest_of_running(installed, running)
    if same is not None:
        return same
    alike = [kernel for kernel in installed if flavour(kernel["release"]) == flavour(running)]
    return (alike or installed or [None])[-1]  # type: ignore[list-item]


def is_same_family(left: Dict[str, Any], right: Dict[str, Any]) -> bool:
    """Tell whether one kernel replaces the other when it is newer.

    Packages that carry the release in their name (Debian's, Proxmox') say by its flavour what they are;
    packages of one name (rpm's) are one family, and what has one flavour is: `default`, `64k`.
    """
    flavours = flavour(left["release"]), flavour(right["release"])
    if flavours[0] != flavours[1]:
        return False
    return bool(flavours[0]) or _family(left) == _family(right)


def _family(kernel: Dict[str, Any]) -> str:
    return str(kernel["package"]).replace(kernel["release"], "")


def flavour(release: str) -> str:
    """Return what kind of kernel it is: `cloud-amd64` of `6.1.0-25-cloud-amd64`, `rt` of `...x86_64+rt`."""
    of_rpm = _RPM_RELEASE.match(release)
    if of_rpm:
        return of_rpm.group(1) or ""
    of_arch = _ARCH_RELEASE.match(release)
    return of_arch.group(1) if of_arch else _FLAVOUR.sub("", release)


def read_default_boot() -> Optional[str]:
    """Return the release that boots next, None where it can't be told (containers, other boot loaders)."""
    loader = read_loader()
    return loader.following.release if loader and loader.following else None


def _build(uname_version: str) -> Optional[str]:
    match = _DEBIAN_BUILD.search(uname_version)
    return match.group(1) if match else None
