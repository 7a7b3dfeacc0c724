# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.verification.effect import (
    expected_packages,
    judge_effect,
    wrong_packages,
)

NOT_NEEDED = {"required": False, "reasons": []}
PLAN = {
    "packages": [
        {"name": "openssl", "arch": "amd64", "from": "1", "to": "2"},
        {"name": "libnew", "arch": "amd64", "from": None, "to": "1"},
    ]
}


def stale(*units: str | None) -> list[dict[str, Any]]:
    return [{"unit": unit, "processes": [7], "files": ["/lib/libc.so.6"]} for unit in units]


def test_nothing_waits_so_everything_is_in_effect() -> None:
    assert judge_effect(NOT_NEEDED, []) == ("yes", [])


def test_a_required_reboot_keeps_updates_from_being_in_effect() -> None:
    reboot = {"required": True, "reasons": [{"code": "kernel", "detail": "6.2 is installed, 6.1 runs"}]}
    assert judge_effect(reboot, []) == ("no", ["6.2 is installed, 6.1 runs"])


def test_a_service_that_runs_replaced_code_is_not_in_effect() -> None:
    assert judge_effect(NOT_NEEDED, stale("web.service")) == ("no", ["web.service runs replaced code"])


def test_somebodys_session_does_not_count() -> None:
    assert judge_effect(NOT_NEEDED, stale("session-2.scope", "user@0.service")) == ("yes", [])


def test_a_process_without_a_unit_counts() -> None:
    assert judge_effect(NOT_NEEDED, stale(None))[0] == "no"


def test_a_unit_that_already_asks_for_a_reboot_is_told_once() -> None:
    reboot = {"required": True, "reasons": [{"code": "services", "detail": "replaced: dbus.service"}]}
    assert judge_effect(reboot, stale("dbus.service")) == ("no", ["replaced: dbus.service"])


@pytest.mark.parametrize(
    ("reboot", "restarts"), [(None, []), ({"required": None, "reasons": []}, []), (NOT_NEEDED, None)]
)
def test_what_could_not_be_read_leaves_the_effect_unknown(reboot: Any, restarts: Any) -> None:
    assert judge_effect(reboot, restarts)[0] == "unknown"


def test_a_package_in_another_version_is_told_with_both() -> None:
    expected = [{"name": "openssl", "arch": "amd64", "version": "2"}]
    installed = [{"name": "openssl", "arch": "amd64", "version": "1"}]
    assert wrong_packages(expected, installed) == [
        {"check": "package openssl", "ok": False, "detail": "1, expected 2"}
    ]


def test_a_package_that_must_be_gone_and_is_there_is_wrong() -> None:
    expected = [{"name": "libnew", "arch": "amd64", "version": None}]
    installed = [{"name": "libnew", "arch": "amd64", "version": "1"}]
    assert wrong_packages(expected, installed)[0]["detail"] == "1, expected not installed"
    assert wrong_packages(expected, []) == []


def test_the_same_package_of_another_architecture_is_another_package() -> None:
    expected = [{"name": "libc6", "arch": "i386", "version": "2"}]
    installed = [{"name": "libc6", "arch": "amd64", "version": "2"}]
    assert wrong_packages(expected, installed)[0]["detail"] == "not installed, expected 2"


def test_packages_that_could_not_be_read_are_not_called_right() -> None:
    assert not wrong_packages([{"name": "a", "arch": "amd64", "version": "1"}], None)[0]["ok"]


@pytest.mark.parametrize(
    ("state", "host_state", "versions"),
    [
        ("applied", None, ["2", "1"]),
        ("reverted", None, ["1", None]),
        ("failed", "former", ["1", None]),
        ("failed", "mixed", []),
        ("staged", None, []),
    ],
)
def test_what_a_host_must_have_goes_by_where_its_transaction_stands(
    state: str, host_state: str | None, versions: list[str | None]
) -> None:
    assert [one["version"] for one in expected_packages(PLAN, state, host_state)] == versions


def test_a_package_that_went_back_has_the_architecture_that_it_had_before() -> None:
    change = {"name": "tzdata", "arch": "amd64", "from_arch": "all", "from": "1", "to": "2"}
    (applied,) = expected_packages({"packages": [change]}, "applied", None)
    (reverted,) = expected_packages({"packages": [change]}, "reverted", None)
    assert applied == {"name": "tzdata", "arch": "amd64", "version": "2"}
    assert reverted == {"name": "tzdata", "arch": "all", "version": "1"}
