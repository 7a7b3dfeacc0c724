# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import rename

Make = Callable[..., dict[str, Any]]

LINUX = ("DSA-5000-1", "linux", "6.1.140-1", ["CVE-2026-2001"])


def image(package: Make, abi: int, version: str) -> dict[str, Any]:
    """A signed kernel image, whose source repeats the version in its own way."""
    signed = version.replace("-", "+")
    return package(
        f"linux-image-6.1.0-{abi}-amd64", version, source="linux-signed-amd64", source_version=signed
    )


def kernel(running: str, build: str | None = None, default_boot: str | None = None) -> dict[str, Any]:
    return {"running": running, "running_build": build, "installed": [], "default_boot": default_boot}


def codes(finding: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in finding["reasons"]]


@pytest.mark.parametrize(
    ("family", "name", "version", "expected"),
    [
        ("debian", "linux-signed-amd64", "5.10.223+1", ("linux", "5.10.223-1")),
        ("debian", "linux-signed-arm64", "6.12.6+1~bpo12+1", ("linux", "6.12.6-1~bpo12+1")),
        ("debian", "grub-efi-amd64-signed", "1+2.06+13+deb12u1", ("grub2", "2.06-13+deb12u1")),
        ("debian", "shim-helpers-amd64-signed", "1+15.8+1~deb12u1", ("shim", "15.8-1~deb12u1")),
        ("ubuntu", "linux-signed", "5.15.0-91.101", ("linux", "5.15.0-91.101")),
        ("ubuntu", "linux-signed-hwe-6.5", "6.5.0-14.14~22.04.1", ("linux-hwe-6.5", "6.5.0-14.14~22.04.1")),
        ("ubuntu", "grub2-signed", "1.187.6+2.06-2ubuntu14.4", ("grub2", "2.06-2ubuntu14.4")),
        ("debian", "curl", "7.88.1-10+deb12u8", ("curl", "7.88.1-10+deb12u8")),
    ],
)
def test_signed_sources_are_renamed_to_the_real_one(
    family: str, name: str, version: str, expected: tuple[str, str]
) -> None:
    assert rename(family, name, version) == expected


def test_an_old_signed_kernel_misses_the_advisory_of_linux(feeds: Any, debian: Make, package: Make) -> None:
    (finding,) = feeds.dsa(LINUX).matcher().assess(debian(image(package, 35, "6.1.137-1")))["findings"]

    assert (finding["package"], finding["installed"], finding["state"]) == ("linux", "6.1.137-1", "missing")


def test_a_fixed_kernel_that_does_not_run_is_not_in_effect(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"), image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-35-amd64")
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "no")
    assert codes(finding) == ["fix_installed", "kernel_not_running", "old_kernel_installed"]


def test_an_old_kernel_beside_the_running_fixed_one_is_said(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"), image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64")
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "yes")
    assert codes(finding) == ["fix_installed", "old_kernel_installed"]
    assert [one["name"] for one in finding["binaries"]] == ["linux-image-6.1.0-35-amd64"]


def test_a_default_boot_entry_of_an_old_kernel_regresses_on_reboot(
    feeds: Any, debian: Make, package: Make
) -> None:
    host = debian(
        image(package, 35, "6.1.137-1"),
        image(package, 37, "6.1.140-1"),
        kernel=kernel("6.1.0-37-amd64", default_boot="6.1.0-35-amd64"),
    )
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert finding["effective"] == "regresses_on_reboot"


def test_a_running_fixed_kernel_alone_leaves_nothing_to_say(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64"))

    assert feeds.dsa(LINUX).matcher().assess(host)["findings"] == []


def test_a_rebuilt_kernel_of_the_same_name_runs_only_when_it_says_so(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.dsa(LINUX).matcher()
    installed = image(package, 35, "6.1.140-1")
    before = debian(installed, kernel=kernel("6.1.0-35-amd64", build="6.1.137-1"))
    after = debian(installed, kernel=kernel("6.1.0-35-amd64", build="6.1.140-1"))

    assert [one["effective"] for one in matcher.assess(before)["findings"]] == ["no"]
    assert matcher.assess(after)["findings"] == []


@pytest.mark.parametrize(
    "unseen",
    [
        {"kernel": None},
        {"machine": {"virtualization": {"kind": "container"}}},
        {"machine": None},
        {"kernel": kernel("6.12.0-custom")},
        {"reboot": None},
    ],
)
def test_where_the_running_kernel_can_not_be_told_the_effect_is_unknown(
    feeds: Any, debian: Make, package: Make, unseen: dict[str, Any]
) -> None:
    host = debian(image(package, 37, "6.1.140-1"), **{"kernel": kernel("6.1.0-37-amd64"), **unseen})
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "unknown")
    assert codes(finding) == ["fix_installed", "kernel_running_unknown"]


def test_another_flavour_is_not_replaced_by_a_newer_one(feeds: Any, debian: Make, package: Make) -> None:
    cloud = package(
        "linux-image-6.1.0-35-cloud-amd64",
        "6.1.137-1",
        source="linux-signed-amd64",
        source_version="6.1.137+1",
    )
    host = debian(cloud, image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64"))
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], [one["name"] for one in finding["binaries"]]) == (
        "missing",
        ["linux-image-6.1.0-35-cloud-amd64"],
    )


def test_headers_of_the_c_library_count_as_an_ordinary_package(
    feeds: Any, debian: Make, package: Make
) -> None:
    headers = package("linux-libc-dev", "6.1.137-1", source="linux")
    host = debian(headers, image(package, 37, "6.1.140-1"), kernel=kernel("6.1.0-37-amd64"))
    (finding,) = feeds.dsa(LINUX).matcher().assess(host)["findings"]

    assert (finding["state"], [one["name"] for one in finding["binaries"]]) == ("missing", ["linux-libc-dev"])
