# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import (
    Entry,
    parse_lines,
    parse_stanzas,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    normal_uri,
    without_credentials,
)

LINES = """\
# deb http://mirror/old bullseye main
deb http://mirror/debian bookworm main contrib # comment
deb-src http://mirror/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://user:secret@vendor/apt/ stable main
deb [trusted=yes] file:/srv/local ./
"""
STANZAS = """\
Types: deb deb-src
URIs: http://mirror/debian
# a comment in between
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://mirror/off
Suites: off
Components: main

Types: deb-src
URIs: http://mirror/sources
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor/apt
Suites: stable
Components: main
Trusted: yes
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
"""


def test_one_line_entries_are_read_with_their_options() -> None:
    assert parse_lines(LINES) == [
        Entry("http://mirror/debian/", "bookworm", ("main", "contrib"), None, False),
        Entry("https://vendor/apt/", "stable", ("main",), "/usr/share/keyrings/x.gpg", False),
        Entry("file:///srv/local/", "./", (), None, True),
    ]


def test_enabled_stanzas_give_an_entry_for_each_uri_and_suite() -> None:
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert parse_stanzas(STANZAS) == [
        Entry("http://mirror/debian/", "bookworm", ("main",), keyring, False),
        Entry("http://mirror/debian/", "bookworm-updates", ("main",), keyring, False),
        Entry("https://vendor/apt/", "stable", ("main",), "embedded key", True),
    ]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://mirror/debian", "http://mirror/debian/"),
        ("http://mirror/debian//", "http://mirror/debian/"),
        ("https://user:p%40ss@mirror:8080/debian", "https://mirror:8080/debian/"),
        ("https://token@mirror/debian?key=secret", "https://mirror/debian/"),
    ],
)
def test_credentials_never_leave_the_host_with_a_uri(uri: str, expected: str) -> None:
    assert normal_uri(uri) == expected


def test_credentials_are_taken_out_of_messages() -> None:
    message = "Failed to fetch https://user:secret@mirror/dists/x and ftp://token@other/y"
    assert without_credentials(message) == "Failed to fetch https://mirror/dists/x and ftp://other/y"


def test_a_password_with_an_at_sign_is_taken_out_whole() -> None:
    assert without_credentials("Err:1 http://user:p@ss@mirror/debian 401") == "Err:1 http://mirror/debian 401"
