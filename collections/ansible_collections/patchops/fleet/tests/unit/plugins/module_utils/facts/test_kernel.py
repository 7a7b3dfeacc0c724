# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.kernel import (
    flavour,
    newest_of_flavour,
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


def test_a_newer_kernel_of_another_flavour_is_not_the_one_to_boot() -> None:
    installed = [kernel("6.1.0-25-amd64"), kernel("6.1.0-28-amd64"), kernel("6.1.0-29-cloud-amd64")]
    assert newest_of_flavour(installed, "6.1.0-25-amd64") == kernel("6.1.0-28-amd64")


def test_without_a_kernel_of_the_running_flavour_the_newest_of_all_counts() -> None:
    assert newest_of_flavour([kernel("6.1.0-28-amd64")], "6.18.44-custom") == kernel("6.1.0-28-amd64")


def test_a_host_without_kernels_has_no_newest_one() -> None:
    assert newest_of_flavour([], "6.1.0-25-amd64") is None
