# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel runs, which ones are installed, and which one the boot loader would start."""

import os
import re
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_loader import read_loader

# What the running kernel says of its own package: "#1 SMP Debian 6.1.106-3 (2024-08-26)".
_DEBIAN_BUILD = re.compile(r"\bDebian (\S+)")
_FLAVOUR = re.compile(r"^\d[\w.+~]*-(?:\d[\w.]*-)?")
# 5.14.0-427.el9.x86_64, 5.14.0-427.el9.x86_64+rt
_RPM_RELEASE = re.compile(r"^\d[^+]*\.(?:x86_64|aarch64|ppc64le|s390x)(?:\+(.*))?$")
# Arch: 6.1.9-arch1-1, 6.1.9-zen1-1-zen; 6.1.20-1-lts is like Debian's.
_ARCH_RELEASE = re.compile(r"^\d[\d.]*-([a-z]+)\d+-\d+(?:-\w+)?$")


def collect_kernel(installed: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the `kernel` part of the host document; `installed` runs from the oldest to the newest."""
    running = os.uname()
    newest = newest_of_flavour(installed, running.release)
    return {
        "running": running.release,
        "running_build": _build(running.version),
        "installed": installed,
        "newest_installed": newest["release"] if newest else None,
        "default_boot": read_default_boot(),
    }


def newest_of_flavour(installed: List[Dict[str, Any]], running: str) -> Optional[Dict[str, Any]]:
    """Return the newest kernel of the running one's flavour (amd64, cloud-amd64), else the newest of all."""
    same = [kernel for kernel in installed if flavour(kernel["release"]) == flavour(running)]
    return (same or installed or [None])[-1]  # type: ignore[list-item]


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
