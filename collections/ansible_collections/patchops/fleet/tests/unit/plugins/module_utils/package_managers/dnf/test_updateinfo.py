# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf.updateinfo import (
    parse,
)

# Shapes of Rocky Linux, Red Hat and Fedora.
DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<updates>
<update from="x" status="final" type="security" version="1"><id>RLSA-2026:0001</id><references>
<reference id="CVE-2026-1" type="cve"/></references>
<pkglist><collection short="c"><name>id</name>
<module name="nodejs" stream="20" version="9" context="r" arch="x86_64"/>
<package name="nodejs" version="20" release="1" epoch="1" arch="x86_64"/></collection></pkglist></update>
<update type="security"><id>RHSA-2026:2</id><pkglist><collection>
<package name="kernel" version="5" release="1" epoch="0" arch="x86_64">
<reboot_suggested>True</reboot_suggested></package></collection></pkglist></update>
<update type="bugfix"><id>FEDORA-2026-3</id><pkglist><collection>
<package name="bash" version="5" release="1" epoch="0" arch="x86_64">
<reboot_suggested>False</reboot_suggested></package></collection></pkglist></update>
</updates>
"""


def test_module_streams_and_wishes_for_a_reboot_are_read() -> None:
    assert parse(DOCUMENT) == {
        "RLSA-2026:0001": {"reboot_suggested": False, "module": "nodejs:20"},
        "RHSA-2026:2": {"reboot_suggested": True, "module": None},
        "FEDORA-2026-3": {"reboot_suggested": False, "module": None},
    }


def test_an_empty_wish_is_one() -> None:
    text = "<updates><update><id>A</id><reboot_suggested/></update></updates>"
    assert parse(text)["A"]["reboot_suggested"] is True


def test_what_is_no_document_is_an_error() -> None:
    with pytest.raises(ValueError, match="not an updateinfo document"):
        parse("<updates><update>")


def test_entities_are_refused() -> None:
    with pytest.raises(ValueError, match="declares entities"):
        parse('<!DOCTYPE x [<!ENTITY a "aaaa">]><updates>&a;</updates>')
