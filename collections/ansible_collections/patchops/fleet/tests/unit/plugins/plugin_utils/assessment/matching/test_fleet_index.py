# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.fleet_index import FleetIndex
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules

Make = Callable[..., dict[str, Any]]
RELEASE = "debian:bookworm"
FIX = Affected(RELEASE, "curl", "fixed", "7.88.1-10+deb12u8")


@pytest.fixture
def index(package: Make) -> FleetIndex:
    fleet = FleetIndex()
    fleet.add("old", RELEASE, [package("libcurl4", "7.88.1-10", source="curl"), package("curl", "7.88.1-10")])
    fleet.add("new", RELEASE, [package("curl", "7.88.1-10+deb12u8")])
    fleet.add("without", RELEASE, [package("wget", "1.21")])
    fleet.add("foreign", RELEASE, [package("curl", "7.0", origin="Somebody")])
    return fleet


def test_hosts_are_found_by_the_name_that_feeds_use(index: FleetIndex) -> None:
    assert index.hosts_with(RELEASE, "curl") == ["old", "new"]
    assert index.hosts_with(RELEASE, "nothing") == []


def test_a_new_advisory_names_only_hosts_that_have_the_package(feeds: Any, index: FleetIndex) -> None:
    feeds.dsa(("DSA-9-1", "bash", "1", []))
    with AdvisoryDatabase.open(feeds.path) as database:
        concerned = index.concerned_by(
            Advisory("DSA-1-1", affected=(FIX, Affected("debian:trixie", "curl", "fixed", "9"))),
            {RELEASE: ReleaseRules(database, RELEASE)},
        )

    assert concerned == {"missing": ["old"], "installed": ["new"]}
