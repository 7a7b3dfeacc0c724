# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dpkg's status file is read by a shortcut where dpkg wrote it, with the same result as without."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import dpkg_status

_AS_WRITTEN = """\
Package: base-files
Essential: yes
Status: install ok installed
Priority: required
Section: admin
Installed-Size: 341
Maintainer: Santiago Vila <sanvila@debian.org>
Architecture: amd64
Multi-Arch: foreign
Source: files (12.4)
Version: 12.4+deb12u11
Conffiles:
 /etc/debian_version 8031d1483ffa9c819e6be94c6c77fd2a
Description: files
"""
_LINES = st.sampled_from(
    [*_AS_WRITTEN.splitlines(), "", " ", "\t", "Source: other", "Version:", "Package: b ", "Status: install"]
)


def _without_empty(stanzas: object) -> list[tuple[int, dict[str, str]]]:
    return [
        (place, {key: value for key, value in fields.items() if value})
        for place, fields in stanzas  # type: ignore[attr-defined]
    ]


@given(st.lists(_LINES, max_size=40).map("\n".join))
@example(_AS_WRITTEN + "\n" + _AS_WRITTEN + "\n")
@example(_AS_WRITTEN.replace("Version", "Source: late\nVersion") + "\n")
@example(_AS_WRITTEN + "Source: behind the version\n\n")
def test_the_shortcut_finds_what_reading_every_line_finds(text: str) -> None:
    by_line = [one for one in _without_empty(dpkg_status._however_written(text)) if one[1]]

    shortcut = dpkg_status._as_dpkg_writes(text)

    if shortcut is not None:
        assert [fields for _place, fields in _without_empty(shortcut) if fields] == [
            fields for _place, fields in by_line
        ]


def test_what_dpkg_wrote_takes_the_shortcut() -> None:
    found = dpkg_status._as_dpkg_writes(_AS_WRITTEN + "\n" + _AS_WRITTEN + "\n")

    assert found is not None
    assert [fields["Version"] for _place, fields in found] == ["12.4+deb12u11"] * 2


def test_a_source_behind_the_version_is_not_missed() -> None:
    [(_place, fields)] = dpkg_status._stanzas(
        _AS_WRITTEN.replace("Source: files (12.4)\n", "") + "Source: x\n"
    )

    assert fields["Source"] == "x"
