# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import parse


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("pkg:deb/debian/libstdc++6@12.2.0-14+deb12u1?arch=amd64", "libstdc++6", "12.2.0-14+deb12u1"),
        ("pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1", "libstdc++6", "12.2.0-14+deb12u1"),
        ("pkg:npm/%40angular/core@17.0.0", "@angular/core", "17.0.0"),
        ("pkg:npm/@angular/core@17.0.0", "@angular/core", "17.0.0"),
        ("pkg:npm/%40angular%2Fcore@17.0.0", "@angular/core", "17.0.0"),
        ("pkg:npm/@angular/core", "@angular/core", ""),
        ("pkg:rpm/rocky/openssl-libs@3.0.7-27.el9?epoch=1", "openssl-libs", "1:3.0.7-27.el9"),
    ],
)
def test_a_package_url_is_read_raw_or_encoded(text: str, name: str, version: str) -> None:
    purl = parse(text)

    assert purl is not None
    assert (purl.full_name, purl.full_version) == (name, version)


def test_a_raw_plus_in_a_qualifier_is_a_plus() -> None:
    purl = parse("pkg:deb/debian/curl@8?upstream=curl@7.88.1-10+deb12u8&distro=debian-12")

    assert purl is not None
    assert purl.qualifiers["upstream"] == "curl@7.88.1-10+deb12u8"
    assert purl.release == "debian:bookworm"
