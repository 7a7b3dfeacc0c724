# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import parse_os_release

DEBIAN = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME='Debian GNU/Linux'
VERSION_ID="12"
# a comment
VERSION_CODENAME=bookworm

ID=debian
"""


def test_quoted_and_plain_values_are_read() -> None:
    assert parse_os_release(DEBIAN) == {
        "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)",
        "NAME": "Debian GNU/Linux",
        "VERSION_ID": "12",
        "VERSION_CODENAME": "bookworm",
        "ID": "debian",
    }


def test_a_stray_quote_does_not_hide_the_rest() -> None:
    assert parse_os_release('NAME="odd\nID=debian\nVARIANT=\n') == {
        "NAME": '"odd',
        "ID": "debian",
        "VARIANT": "",
    }
