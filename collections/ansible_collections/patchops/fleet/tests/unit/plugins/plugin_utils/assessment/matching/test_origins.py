# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a live host whose publisher nobody knows are not judged, and not spared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]
UNKNOWN = "unknown publisher"
CURL, OTHER = "CVE-2026-1001", "CVE-2026-1002"


@pytest.fixture
def matcher(feeds: Any) -> Any:
    return feeds.dsa(
        ("DSA-1-1", "curl", "8.0-1", [CURL]),
        ("DSA-2-1", "linux", "6.1.140-1", [OTHER]),
    ).matcher()


def uncovered(matcher: Any, host: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = matcher.assess(host)["coverage"]["uncovered"]
    return found


@pytest.mark.parametrize("origin", ["", None])
@pytest.mark.parametrize("suite", [None, "stable"])
def test_a_package_that_no_repository_of_the_distribution_offers_is_uncovered(
    matcher: Any, debian: Make, package: Make, origin: str | None, suite: str | None
) -> None:
    """A local file has neither; a repository without Origin has a suite."""
    agent = package("agent", "1.2-1", origin=origin, suite=suite)
    host = debian(package("bash", "5-1"), agent)

    assert uncovered(matcher, host) == [{"package": "agent", "origin": UNKNOWN}]
    assert matcher.assess(host)["coverage"]["judged"] == 1


def test_a_local_build_of_a_package_is_not_called_clean(matcher: Any, debian: Make, package: Make) -> None:
    verdict = matcher.verdict(debian(package("curl", "9.0-1", origin="")), CURL)

    assert (verdict["state"], verdict["findings"][0]["state"]) == ("unknown", "installed")
    assert [one["code"] for one in verdict["reasons"]] == ["foreign_package"]


def test_a_local_build_that_is_older_than_a_fix_is_missing_it(
    matcher: Any, debian: Make, package: Make
) -> None:
    assert matcher.verdict(debian(package("curl", "7.0-1", origin="")), CURL)["state"] == "missing"


def test_a_version_that_the_distribution_has_replaced_is_its_own(
    matcher: Any, debian: Make, package: Make
) -> None:
    update = {"name": "curl", "arch": "amd64", "candidate": "8.0-1", "origin": "Debian", "security": True}
    host = debian(package("curl", "7.0-1", origin="", suite=None), updates=[update])

    assert uncovered(matcher, host) == []
    assert matcher.verdict(host, CURL)["state"] == "missing"


def test_a_version_that_another_publisher_has_replaced_is_his(
    matcher: Any, debian: Make, package: Make
) -> None:
    update = {"name": "curl", "arch": "amd64", "candidate": "8.0-1", "origin": "Acme"}
    host = debian(package("curl", "7.0-1", origin="", suite=None), updates=[update])

    assert uncovered(matcher, host) == [{"package": "curl", "origin": "Acme"}]


def kernel(package: Make, build: str, version: str, origin: str = "") -> dict[str, Any]:
    return package(
        f"linux-image-{build}-amd64",
        version,
        source="linux-signed-amd64",
        source_version=version.replace("-", "+", 1),
        origin=origin,
    )


def test_a_kernel_that_is_kept_beside_a_newer_build_of_its_source_is_the_distributions(
    matcher: Any, debian: Make, package: Make
) -> None:
    kept, newest = (
        kernel(package, "6.1.0-35", "6.1.137-1"),
        kernel(package, "6.1.0-37", "6.1.140-1", "Debian"),
    )
    assert uncovered(matcher, debian(kept, newest)) == []
    # Of one that is newer than all that the distribution offers, nobody knows.
    own = kernel(package, "6.1.0-99", "6.1.999-1")
    assert [row["origin"] for row in uncovered(matcher, debian(own, newest))] == [UNKNOWN]


def test_packages_of_a_file_tell_no_origin_and_are_the_distributions(
    matcher: Any, debian: Make, package: Make
) -> None:
    file = debian(package("agent", "1.2-1", origin=""), updates=None, repositories=None, refresh=None)

    assert uncovered(matcher, file) == []


def test_an_rpm_without_vendor_is_uncovered(feeds: Any, debian: Make) -> None:
    updates = (
        '<updates><update type="security"><id>ALSA-1</id><issued date="2026-08-20"/><references/><pkglist>'
        '<collection short="c"><package name="bash" epoch="0" version="1" release="1" arch="x86_64"/>'
        "</collection></pkglist></update></updates>"
    )
    matcher = feeds.add("updateinfo", updates, "baseos", "almalinux:9").matcher()
    system = {"id": "almalinux", "version_id": "9.6", "support": {"status": "supported"}}
    packages = [
        {
            "name": name,
            "version": "0:2-1",
            "arch": "x86_64",
            "origin": vendor,
            "suite": "baseos",
            "module": "",
        }
        for name, vendor in (("bash", "AlmaLinux"), ("agent", ""), ("tool", None))
    ]
    host = debian(*packages, os=system)

    assert uncovered(matcher, host) == [
        {"package": "agent", "origin": UNKNOWN},
        {"package": "tool", "origin": UNKNOWN},
    ]


def test_what_arch_installed_from_none_of_its_repositories_is_uncovered(
    feeds: Any, debian: Make, package: Make
) -> None:
    system = {"id": "arch", "version_id": "", "support": {"status": "supported"}}
    packages = [package("bash", "5-1", origin="core"), package("yay", "12-1", origin="", suite=None)]
    host = debian(*packages, os=system)

    assert uncovered(feeds.dsa(("DSA-1-1", "x", "1", [])).matcher(), host) == [
        {"package": "yay", "origin": UNKNOWN}
    ]
