# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import (
    parse_os_release,
    version_of,
)

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


@pytest.mark.parametrize(
    ("values", "version"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "12"),
        ({"ID": "arch", "BUILD_ID": "rolling"}, "rolling"),
        ({"ID": "arch", "BUILD_ID": "rolling", "VERSION_ID": "20241020.0.271961"}, "rolling"),
        ({"ID": "opensuse-tumbleweed", "VERSION_ID": "20261120"}, "rolling"),
        ({"ID": "debian"}, None),
    ],
)
def test_what_rolls_has_one_version_for_all_days(values: dict[str, str], version: str | None) -> None:
    assert version_of(values) == version
