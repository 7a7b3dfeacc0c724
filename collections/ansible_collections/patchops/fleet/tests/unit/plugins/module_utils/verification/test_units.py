# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.units import parse_show
from ansible_collections.patchops.fleet.plugins.module_utils.verification.units import (
    belongs_to_people,
    describe,
    find_failed,
    find_stopped,
)

SHOWN = """\
Type=simple
Result=exit-code
ExecMainStatus=1
Id=web.service
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled

Type=notify
Result=success
ExecMainStatus=0
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
"""


def state(active: str, file_state: str, result: str = "success") -> dict[str, str]:
    return {
        "LoadState": "loaded",
        "ActiveState": active,
        "SubState": "dead",
        "UnitFileState": file_state,
        "Result": result,
        "ExecMainStatus": "0",
    }


def test_a_unit_that_failed_is_told_with_its_exit_status() -> None:
    assert find_stopped(["web.service", "ssh.service"], parse_show(SHOWN)) == [
        {"unit": "web.service", "detail": "failed (exit-code, status 1)"}
    ]


def test_an_enabled_unit_that_ended_by_itself_counts() -> None:
    assert find_stopped(["web.service"], {"web.service": state("inactive", "enabled")}) == [
        {"unit": "web.service", "detail": "inactive (dead)"}
    ]


@pytest.mark.parametrize("file_state", ["static", "transient", "generated", "indirect"])
def test_a_unit_that_was_started_on_demand_may_end_by_itself(file_state: str) -> None:
    assert find_stopped(["timedated.service"], {"timedated.service": state("inactive", file_state)}) == []


def test_a_unit_that_was_started_on_demand_may_not_fail() -> None:
    states = {"timedated.service": state("failed", "static", "exit-code")}
    assert len(find_stopped(["timedated.service"], states)) == 1


def test_a_unit_that_is_gone_is_told_so() -> None:
    assert find_stopped(["old.service"], {}) == [{"unit": "old.service", "detail": "is gone: no such unit"}]
    assert describe({"LoadState": "not-found", "ActiveState": "inactive"}) == "is gone: no such unit"


@pytest.mark.parametrize("unit", ["user@1000.service", "session-3.scope", "getty@tty1.service"])
def test_sessions_of_people_may_end(unit: str) -> None:
    assert belongs_to_people(unit)
    assert find_stopped([unit], {}) == []


def test_a_failed_unit_whose_package_is_gone_does_not_count() -> None:
    gone = {"LoadState": "not-found", "ActiveState": "failed"}
    states = {**parse_show(SHOWN), "gone.service": gone}
    assert find_failed(["web.service", "gone.service"], states) == [
        {"unit": "web.service", "detail": "failed (exit-code, status 1)"}
    ]
