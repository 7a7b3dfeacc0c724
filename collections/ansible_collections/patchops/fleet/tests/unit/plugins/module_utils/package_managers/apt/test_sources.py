# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.sources import (
    EMBEDDED_KEY,
    Options,
    SourceFiles,
    line_options,
    stanza_options,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    normal_uri,
    without_credentials,
)

LINES = """\
# deb [trusted=yes] http://mirror/old bullseye main
deb http://mirror/debian bookworm main contrib # comment

  deb [ arch=amd64 signed-by=/usr/share/keyrings/x.gpg ] https://user:secret@vendor/apt/ stable main
deb [trusted=yes Check-Valid-Until=no] file:/srv/local ./
deb cdrom:[Corp Install 5]/ bookworm main
"""
STANZAS = """\

# Only a comment: apt does not count it.

Types: deb deb-src
URIs: http://mirror/debian
# a comment in between
Suites: bookworm bookworm-updates
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg


Enabled: off
Types: deb
URIs: http://mirror/off
Check-Valid-Until: false

Types: deb
URIs: https://vendor/apt
Trusted: yes
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
"""


@pytest.mark.parametrize(
    ("number", "options"),
    [
        (1, Options()),
        (2, Options()),
        (4, Options(signed_by="/usr/share/keyrings/x.gpg")),
        (5, Options(trusted=True, check_valid_until=False)),
        (6, Options()),
        (7, Options()),
        (99, Options()),
    ],
)
def test_the_options_of_a_line_are_those_in_its_brackets(number: int, options: Options) -> None:
    assert line_options(LINES, number) == options


@pytest.mark.parametrize(
    ("number", "options"),
    [
        (1, Options(signed_by="/usr/share/keyrings/debian-archive-keyring.gpg")),
        (2, Options(check_valid_until=False)),
        (3, Options(signed_by=EMBEDDED_KEY, trusted=True)),
        (4, Options()),
    ],
)
def test_the_options_of_a_stanza_are_found_by_the_number_that_apt_gives_it(
    number: int, options: Options
) -> None:
    assert stanza_options(STANZAS, number) == options


@pytest.mark.parametrize("place", ["", "nowhere", "/no/such.list:x"])
def test_an_index_without_a_place_has_no_options(place: str) -> None:
    assert SourceFiles().options_at(place) == Options()


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://mirror/debian", "http://mirror/debian/"),
        ("http://mirror/debian//", "http://mirror/debian/"),
        ("https://user:p%40ss@mirror:8080/debian", "https://mirror:8080/debian/"),
        ("cdrom:[Corp Install 5]/", "cdrom:[Corp Install 5]/"),
        ("http://[fe80", "http://[fe80/"),
        ("https://user:p%40ss@[mirror", "https://[mirror/"),
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
