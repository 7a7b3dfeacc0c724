# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.updaters import (
    describe,
    parse_show,
    upgrades_unattended,
)

SHOWN = """\
Id=apt-daily-upgrade.timer
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=apt-daily-upgrade.service
LoadState=loaded
ActiveState=activating
UnitFileState=static

Id=apt-daily.timer
LoadState=not-found
ActiveState=inactive

Id=packagekit.service
LoadState=loaded
ActiveState=inactive
UnitFileState=static
"""


def test_an_updater_that_works_right_now_is_active() -> None:
    assert describe("unattended-upgrades", parse_show(SHOWN), switched_on=True) == {
        "name": "unattended-upgrades",
        "units": [
            {"unit": "apt-daily-upgrade.timer", "enabled": True, "active": True},
            {"unit": "apt-daily-upgrade.service", "enabled": False, "active": True},
        ],
        "enabled": True,
        "active": True,
    }


def test_an_enabled_timer_upgrades_nothing_when_apt_is_told_not_to() -> None:
    assert describe("unattended-upgrades", parse_show(SHOWN), switched_on=False)["enabled"] is False


def test_a_service_that_d_bus_starts_needs_no_enabling() -> None:
    found = describe("packagekit", parse_show(SHOWN), switched_on=True)
    assert (found["enabled"], found["active"]) == (True, False)


def test_an_updater_that_is_not_installed_has_no_units() -> None:
    assert describe("dnf-automatic", parse_show(SHOWN), switched_on=True)["units"] == []


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("APT::Periodic=\nAPT::Periodic::Unattended-Upgrade=1\n", True),
        ("APT::Periodic::Unattended-Upgrade=0\n", False),
        ("APT::Periodic::Enable=0\nAPT::Periodic::Unattended-Upgrade=1\n", False),
        ("", False),
    ],
)
def test_apts_own_settings_decide_whether_it_upgrades_by_itself(configuration: str, expected: bool) -> None:
    assert upgrades_unattended(configuration) is expected
