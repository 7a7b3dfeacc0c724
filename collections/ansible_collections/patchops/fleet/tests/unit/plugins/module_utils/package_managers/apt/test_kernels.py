# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.kernels import (
    installed_kernels,
)


def row(name: str, status: str = "installed") -> Row:
    return Row(name, "amd64", "6.1.1-1", "linux", "6.1.1-1", "install", "ok", status, "kernel")


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is needed to order versions")
def test_kernels_are_listed_from_the_oldest_to_the_newest() -> None:
    rows = [
        row("linux-image-6.1.0-28-amd64"),
        row("linux-image-6.1.0-9-amd64"),
        row("linux-image-unsigned-6.1.0-25-cloud-amd64"),
        row("linux-image-amd64"),
        row("linux-image-6.1.0-28-amd64-dbg"),
        row("linux-headers-6.1.0-28-amd64"),
        row("linux-image-6.1.0-7-amd64", status="config-files"),
    ]
    assert [kernel["release"] for kernel in installed_kernels(rows)] == [
        "6.1.0-9-amd64",
        "6.1.0-25-cloud-amd64",
        "6.1.0-28-amd64",
    ]
