# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.kernel import (
    flavour,
    newest_of_flavour,
    newest_of_running,
)


def kernel(release: str) -> dict[str, str]:
    return {"release": release, "package": f"linux-image-{release}", "version": "1"}


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-25-amd64", "amd64"),
        ("6.1.0-25-cloud-amd64", "cloud-amd64"),
        ("6.12.43+deb13-amd64", "amd64"),
        ("5.15.0-91-generic", "generic"),
        ("6.1.9-arch1-1", "arch"),
        ("6.12-arch2-1", "arch"),
        ("6.1.9-zen1-1-zen", "zen"),
        ("6.1.20-1-lts", "lts"),
    ],
)
def test_the_flavour_is_what_follows_version_and_abi(release: str, expected: str) -> None:
    assert flavour(release) == expected


def named(package: str, release: str, version: str = "1") -> dict[str, str]:
    return {"release": release, "package": package, "version": version}


CASES = [
    # Debian and Ubuntu: the release is a part of the package's name.
    ("6.1.0-25-amd64", ["6.1.0-25-amd64", "6.1.0-28-amd64", "6.1.0-29-cloud-amd64"], "6.1.0-28-amd64"),
    ("6.12.41+deb13-amd64", ["6.12.41+deb13-amd64", "6.12.43+deb13-amd64"], "6.12.43+deb13-amd64"),
    (
        "6.12.41+deb13-rt-amd64",
        ["6.12.41+deb13-rt-amd64", "6.12.43+deb13-rt-amd64", "6.12.43+deb13-amd64"],
        "6.12.43+deb13-rt-amd64",
    ),
    ("6.8.0-1014-aws", ["6.8.0-1014-aws", "6.8.0-1015-aws", "6.8.0-45-generic"], "6.8.0-1015-aws"),
    ("6.6.0", ["6.6.0", "6.6.1"], "6.6.1"),
]


@pytest.mark.parametrize(("running", "installed", "newest"), CASES)
def test_the_newest_kernel_of_the_running_flavour_is_the_one_to_boot(
    running: str, installed: list[str], newest: str
) -> None:
    found = newest_of_running([kernel(release) for release in installed], running)

    assert found == kernel(newest)


@pytest.mark.parametrize(
    ("running", "installed", "newest"),
    [
        (
            "6.8.12-4-pve",
            [
                named("linux-image-6.1.0-28-amd64", "6.1.0-28-amd64"),
                named("proxmox-kernel-6.8.12-4-pve-signed", "6.8.12-4-pve"),
                named("proxmox-kernel-6.8.12-8-pve", "6.8.12-8-pve"),
            ],
            "6.8.12-8-pve",
        ),
        (
            "5.15.0-200.131.27.el8uek.x86_64",
            [
                named("kernel-core", "4.18.0-553.el8.x86_64"),
                named("kernel-uek-core", "5.15.0-200.131.27.el8uek.x86_64"),
                named("kernel-core", "4.18.0-560.el8.x86_64"),
            ],
            "5.15.0-200.131.27.el8uek.x86_64",
        ),
        (
            "4.18.0-553.el8.x86_64",
            [
                named("kernel-core", "4.18.0-553.el8.x86_64"),
                named("kernel-core", "4.18.0-560.el8.x86_64"),
                named("kernel-uek-core", "5.15.0-200.131.27.el8uek.x86_64"),
            ],
            "4.18.0-560.el8.x86_64",
        ),
        (
            "6.4.0-150600.23.25-default",
            [
                named("kernel-default-base", "6.4.0-150600.23.25-default"),
                named("kernel-default", "6.4.0-150600.23.30-default"),
                named("kernel-azure", "6.4.0-150600.8.40-azure"),
            ],
            "6.4.0-150600.23.30-default",
        ),
        (
            "5.14.0-503.el9.aarch64+64k",
            [
                named("kernel-64k-core", "5.14.0-503.el9.aarch64+64k"),
                named("kernel-core", "5.14.0-570.el9.aarch64"),
            ],
            "5.14.0-503.el9.aarch64+64k",
        ),
        (
            "6.1.109-118.189.amzn2023.x86_64",
            [
                named("kernel", "6.1.109-118.189.amzn2023.x86_64"),
                named("kernel6.12", "6.12.20-23.97.amzn2023.x86_64"),
            ],
            "6.1.109-118.189.amzn2023.x86_64",
        ),
        # One version of the package at a time: an update took the running kernel's files away.
        ("6.1.9-arch1-1", [named("linux", "6.2.1-arch1-1")], "6.2.1-arch1-1"),
        ("6.12.8-0-lts", [named("linux-lts", "6.12.9-0-lts")], "6.12.9-0-lts"),
        (
            "6.6.31-current-rockchip64",
            [named("linux-image-current-rockchip64", "6.6.36-current-rockchip64")],
            "6.6.36-current-rockchip64",
        ),
    ],
)
def test_families_of_kernels_are_told_apart_by_structure(
    running: str, installed: list[dict[str, str]], newest: str
) -> None:
    found = newest_of_running(installed, running)

    assert found is not None
    assert found["release"] == newest


@pytest.mark.parametrize("running", ["6.18.44-custom", "6.18.44", "6.1.0-20-amd64"])
def test_of_a_kernel_that_belongs_to_no_package_the_family_is_not_known(running: str) -> None:
    assert newest_of_running([kernel("6.1.0-28-amd64")], running) is None


def test_without_a_kernel_of_the_former_flavour_the_newest_of_all_is_booted() -> None:
    assert newest_of_flavour([kernel("6.1.0-28-amd64")], "6.18.44-custom") == kernel("6.1.0-28-amd64")


def test_a_host_without_kernels_has_no_newest_one() -> None:
    assert newest_of_flavour([], "6.1.0-25-amd64") is None
