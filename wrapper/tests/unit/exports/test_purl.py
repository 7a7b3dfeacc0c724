# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package URLs."""

from __future__ import annotations

from typing import Any

import pytest

from patchops.exports.purl import package_url

DEBIAN = {"os": {"id": "debian", "version_id": "12"}, "package_manager": {"name": "apt"}}
ROCKY = {"os": {"id": "rocky", "version_id": "9"}, "package_manager": {"name": "dnf"}}


@pytest.mark.parametrize(
    ("host", "package", "expected"),
    [
        (
            DEBIAN,
            ("openssl", "3.0.11-1~deb12u2", "amd64"),
            "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
        ),
        (DEBIAN, ("libstdc++6", "1:2.0", None), "pkg:deb/debian/libstdc%2B%2B6@1%3A2.0?distro=debian-12"),
        (ROCKY, ("bash", "1:5.1-2", "x86_64"), "pkg:rpm/rocky/bash@5.1-2?arch=x86_64&distro=rocky-9&epoch=1"),
        (ROCKY, ("bash", "0:5.1-2", "x86_64"), "pkg:rpm/rocky/bash@5.1-2?arch=x86_64&distro=rocky-9"),
        ({}, ("odd/name?", "1", None), "pkg:generic/odd%2Fname%3F@1"),
    ],
)
def test_a_package_url_names_type_distribution_version_and_architecture(
    host: dict[str, Any], package: tuple[str, str, str | None], expected: str
) -> None:
    assert package_url(host, *package) == expected
