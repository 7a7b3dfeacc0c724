# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.kernels import (
    installed_kernels,
)


def row(name: str, status: str = "installed") -> Row:
    return Row(name, "amd64", "6.1.1-1", "linux", "6.1.1-1", "install", "ok", status, "kernel")


FILES = {
    # Debian: an image and its modules; without a signature, or with another package for the modules.
    "/boot/vmlinuz-6.1.0-28-amd64": "linux-image-6.1.0-28-amd64",
    "/lib/modules/6.1.0-28-amd64/modules.builtin": "linux-image-6.1.0-28-amd64",
    "/boot/vmlinuz-6.1.0-9-amd64": "linux-image-6.1.0-9-amd64",
    "/boot/vmlinuz-6.12.43+deb13-cloud-amd64": "linux-image-6.12.43+deb13-cloud-amd64",
    "/boot/vmlinuz-6.8.0-45-generic": "linux-image-unsigned-6.8.0-45-generic",
    "/lib/modules/6.8.0-45-generic/modules.order": "linux-modules-6.8.0-45-generic",
    # Proxmox, Armbian, and a kernel whose image is none of /boot/vmlinuz's.
    "/boot/vmlinuz-6.8.12-4-pve": "proxmox-kernel-6.8.12-4-pve-signed",
    "/boot/vmlinuz-6.6.31-current-rockchip64": "linux-image-current-rockchip64",
    "/lib/modules/6.1.21-v8+/modules.builtin": "raspberrypi-kernel",
    # Of no package: built on the host, a copy, and what dpkg has removed but for its configuration.
    "/boot/vmlinuz-6.18.44-custom": "",
    "/boot/vmlinuz-6.1.0-28-amd64.old": "",
    "/boot/vmlinuz-6.1.0-7-amd64": "linux-image-6.1.0-7-amd64",
}


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is needed to order versions")
def test_kernels_are_what_packages_own_from_the_oldest_to_the_newest(tmp_path: Path) -> None:
    for path in FILES:
        file = Path(f"{tmp_path}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    rows = [row(name) for name in {*FILES.values()} - {"", "linux-image-6.1.0-7-amd64"}]
    rows += [row("linux-image-amd64"), row("linux-image-6.1.0-7-amd64", status="config-files")]
    owners = {path: package for path, package in FILES.items() if package}

    found = installed_kernels(
        rows, lambda paths: {one: owners[one] for one in paths if one in owners}, str(tmp_path)
    )

    assert [(one["release"], one["package"]) for one in found] == [
        ("6.1.0-9-amd64", "linux-image-6.1.0-9-amd64"),
        ("6.1.0-28-amd64", "linux-image-6.1.0-28-amd64"),
        ("6.1.21-v8+", "raspberrypi-kernel"),
        ("6.6.31-current-rockchip64", "linux-image-current-rockchip64"),
        ("6.8.0-45-generic", "linux-image-unsigned-6.8.0-45-generic"),
        ("6.8.12-4-pve", "proxmox-kernel-6.8.12-4-pve-signed"),
        ("6.12.43+deb13-cloud-amd64", "linux-image-6.12.43+deb13-cloud-amd64"),
    ]
