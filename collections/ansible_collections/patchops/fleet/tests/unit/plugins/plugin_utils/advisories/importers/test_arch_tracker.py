# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arch Linux's security tracker, entries in the form in which it serves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import arch_tracker
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

GROUP: dict[str, Any] = {
    "name": "AVG-2843",
    "packages": ["openssl", "lib32-openssl"],
    "status": "Fixed",
    "severity": "High",
    "type": "arbitrary code execution",
    "affected": "3.0.1-1",
    "fixed": "3.0.2-1",
    "ticket": None,
    "issues": ["CVE-2026-0001", "CVE-2026-0002"],
    "advisories": ["ASA-202601-1"],
}


def read(folder: Path, *groups: Any) -> list[Any]:
    (folder / "all.json").write_text(json.dumps(list(groups)))
    return list(arch_tracker.read(Feed(folder / "all.json")))


def test_a_fixed_group_gives_the_fix_of_each_of_its_packages(tmp_path: Path) -> None:
    assert read(tmp_path, GROUP) == [
        Advisory(
            name="ASA-202601-1",
            title="openssl, lib32-openssl: arbitrary code execution",
            severity="high",
            url="https://security.archlinux.org/AVG-2843",
            cves=("CVE-2026-0001", "CVE-2026-0002"),
            affected=(
                Affected("arch:rolling", "openssl", "fixed", fixed="3.0.2-1"),
                Affected("arch:rolling", "lib32-openssl", "fixed", fixed="3.0.2-1"),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("status", "fixed", "wanted"),
    [
        ("Vulnerable", None, "affected"),
        ("Testing", "3.0.2-1", "fixed"),
        ("Not affected", None, "not_affected"),
        ("Not affected", "3.0.2-1", "not_affected"),
        ("Unknown", None, "under_investigation"),
        ("A status of tomorrow", None, "under_investigation"),
    ],
)
def test_each_status_says_what_is_known(tmp_path: Path, status: str, fixed: str | None, wanted: str) -> None:
    [advisory] = read(tmp_path, {**GROUP, "status": status, "fixed": fixed})

    assert {one.status for one in advisory.affected} == {wanted}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fixed": None}, "AVG-2843 is fixed, but says no version"),
        ({"packages": []}, "packages: expected names of packages"),
        ({"packages": ["a", 1]}, "packages: expected names of packages"),
        ({"status": None}, "status: expected text"),
    ],
)
def test_a_group_that_lacks_what_it_must_say_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(FeedError, match=message):
        read(tmp_path, {**GROUP, **change})


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text("{}")

    with pytest.raises(FeedError, match="expected a list of groups"):
        list(arch_tracker.read(Feed(tmp_path / "all.json")))
