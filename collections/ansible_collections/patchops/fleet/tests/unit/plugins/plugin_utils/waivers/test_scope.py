# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope, Target


def target(release: str, *versions: str) -> Target:
    return Target(
        "web1", frozenset(), frozenset({"curl"}), "DSA-1-1", ("CVE-2022-48666",), release, frozenset(versions)
    )


@pytest.mark.parametrize(
    ("product", "release", "version", "touched"),
    [
        ("pkg:apk/wolfi/curl@8.1.0-r0?arch=x86_64", "debian:bookworm", "8.1.0-r0", False),
        ("pkg:apk/wolfi/curl@8.1.0-r0?arch=x86_64", "alpine:3.20", "8.1.0-r0", False),
        ("pkg:apk/alpine/curl@8.1.0-r0", "alpine:3.20", "8.1.0-r0", True),
        ("pkg:apk/alpine/curl@8.1.0-r0", "alpine:3.20", "8.2.0-r0", False),
        ("pkg:apk/alpine/curl@8.1.0-r0?distro=alpine-3.19.1", "alpine:3.20", "8.1.0-r0", False),
        ("pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5", "debian:bookworm", "7.88.1-10+deb12u5", True),
        (
            "pkg:deb/debian/curl@7.88.1-10+deb12u5?distro=debian-12",
            "debian:bookworm",
            "7.88.1-10+deb12u5",
            True,
        ),
        ("pkg:deb/debian/curl@7.88.1-10+deb12u5", "debian:bookworm", "7.88.1-10+deb12u9", False),
        ("pkg:deb/debian/curl", "debian:bookworm", "7.88.1-10+deb12u9", True),
        ("pkg:deb/debian/curl", "ubuntu:22.04", "7.88.1-10+deb12u9", False),
        ("pkg:deb/debian/wget", "debian:bookworm", "1", False),
        ("pkg:rpm/redhat/curl@7.76.1-29.el9", "rhel:9", "0:7.76.1-29.el9", True),
        ("pkg:rpm/suse/curl", "sles:15.6", "8-1", True),
        ("pkg:rpm/opensuse/curl", "opensuse-leap:15.6", "8-1", True),
        ("pkg:rpm/redhat/curl", "rocky:9", "8-1", False),
        ("pkg:oci/curl", "debian:bookworm", "1", False),
    ],
)
def test_a_product_is_of_one_type_distribution_and_version(
    product: str, release: str, version: str, touched: bool
) -> None:
    scope = Scope(packages=("curl", "wget"), products=(product,))

    assert scope.touches(target(release, version)) is touched
