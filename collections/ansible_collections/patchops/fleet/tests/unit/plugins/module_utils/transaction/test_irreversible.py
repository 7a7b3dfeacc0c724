# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole transactions with packages that packages don't take back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.payload import decode
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.reboot_record import Record
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import answers
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.way_back_classes import parse_rules
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeHost,
    Killed,
)

FORWARD = {"way_back_classes": parse_rules([{"packages": ["bash"], "class": "forward_only"}])}
SNAPSHOT = {
    "way_back_classes": parse_rules([{"packages": ["bash"], "class": "snapshot_only", "reason": "has data"}])
}
STAYS = {("bash", "amd64", "2"), ("libx", "amd64", "1"), ("tzdata", "all", "1")}


def test_what_has_no_way_back_is_named_before_anything_is_installed(host: FakeHost) -> None:
    staged = host.call("staged", **FORWARD)
    assert staged["outcome"]["message"].endswith("Without a way back by packages: bash (forward_only).")
    assert staged["way_back"] == {
        "revertible": 2,
        "snapshot_only": [],
        "forward_only": [{"name": "bash", "reason": "by the rule for bash"}],
    }


def test_nothing_is_secured_for_what_packages_do_not_take_back(host: FakeHost) -> None:
    document = decode(host.call("staged", **FORWARD)["patchops_payload"])
    assert [one["name"] for one in document["way_back"]] == ["libx"]


def test_what_has_no_way_back_comes_last(host: FakeHost) -> None:
    host.call("applied", **FORWARD)
    assert [name for name, _arch, _version in host.driver.upgrades] == ["libx", "newdep", "bash"]


def test_a_package_that_fails_before_it_is_taken_back_with_all_others(host: FakeHost) -> None:
    host.driver.broken_package = "libx"
    result = host.call("applied", **FORWARD)
    assert (result["outcome"]["code"], result["host_state"]) == ("install_taken_back", "former")
    assert host.driver.packages == FORMER


def test_an_update_without_a_way_back_that_fails_halts_for_a_person(host: FakeHost) -> None:
    host.driver.broken_package = "bash"
    result = host.call("applied", **FORWARD)
    outcome = result["outcome"]
    assert (outcome["class"], outcome["code"]) == ("failed", "forward_only_failed")
    assert (result["transaction"]["state"], result["host_state"]) == ("failed", "mixed")
    assert "3 of 3 packages changed as planned, half done: bash" in outcome["message"]
    assert "state: applied" in outcome["remedy"]
    assert (host.driver.packages, host.driver.pins) == (PLANNED, {})


def test_a_halted_host_is_not_taken_back_while_it_is_half_done(host: FakeHost) -> None:
    host.driver.broken_package = "bash"
    host.call("applied", **FORWARD)
    result = host.call("reverted")
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("refused", "forward_only")
    assert "half done: bash" in result["outcome"]["message"]
    assert host.driver.packages == PLANNED


def test_a_halted_host_goes_on_once_it_is_repaired(host: FakeHost) -> None:
    host.driver.broken_package = "bash"
    host.call("applied", **FORWARD)
    host.driver.broken_package = None
    assert host.code("applied", **FORWARD) == "applied"


def test_the_others_go_back_and_it_stays(host: FakeHost) -> None:
    host.call("applied", **FORWARD)
    result = host.call("reverted")
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("ok", "taken_back_partly")
    assert result["outcome"]["message"].startswith("2 packages back at the former versions.")
    assert result["outcome"]["message"].endswith("they stay: bash 2.")
    assert host.driver.packages == STAYS
    assert [one["name"] for one in host.driver.pins[result["transaction"]["id"]]] == ["libx", "newdep"]


def test_nothing_goes_back_where_the_package_manager_would_move_it_too(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("applied", **FORWARD)

    def refuse(*_arguments: Any, **_named: Any) -> Any:
        raise DriverError("plan_changed", "bash 2 needs libx 2")

    monkeypatch.setattr(host.driver, "simulate", refuse)
    result = host.call("reverted")
    assert result["outcome"]["code"] == "forward_only"
    assert "the others can't go back without them (bash 2 needs libx 2)" in result["outcome"]["message"]
    assert (host.driver.packages, result["transaction"]["state"]) == (PLANNED, "applied")


def test_a_transaction_of_such_packages_alone_is_not_taken_back(host: FakeHost) -> None:
    host.call("applied", way_back_classes=parse_rules([{"packages": ["*"], "class": "forward_only"}]))
    result = host.call("reverted")
    assert result["outcome"]["code"] == "forward_only"
    assert "bash, libx, newdep (forward_only)" in result["outcome"]["message"]
    assert host.driver.packages == PLANNED


def test_without_a_snapshot_the_plan_is_refused_and_told(host: FakeHost) -> None:
    result = host.call("staged", **SNAPSHOT)
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("refused", "snapshot_missing")
    assert "none was named: bash (has data). Nothing was changed." in result["outcome"]["message"]
    assert result["way_back"]["snapshot_only"] == [{"name": "bash", "reason": "has data"}]
    assert host.state.ids() == []


def test_with_a_snapshot_it_is_applied_and_the_way_back_names_it(host: FakeHost) -> None:
    applied = host.call("applied", snapshot="vm-17@before", **SNAPSHOT)
    assert applied["outcome"]["code"] == "applied"
    assert decode(applied["patchops_payload"])["snapshot"] == "vm-17@before"
    result = host.call("reverted")
    assert "restore the snapshot vm-17@before" in result["outcome"]["remedy"]
    assert host.driver.packages == STAYS


def test_a_snapshot_may_be_taken_in_the_window(host: FakeHost) -> None:
    policy: dict[str, Any] = {"without_snapshot": "refuse_to_apply", **SNAPSHOT}
    assert host.code("staged", **policy) == "staged"
    refused = host.call("applied", **policy)
    assert (refused["outcome"]["code"], refused["transaction"]["state"]) == ("snapshot_missing", "staged")
    # A run stages first, and what it was refused for is gone.
    assert host.code("staged", **policy) == "staged"
    assert host.code("applied", snapshot="late", **policy) == "applied"


@pytest.mark.parametrize("policy", [{"without_snapshot": "forward_only"}, {"way_back": "none"}])
def test_a_policy_may_do_without_a_snapshot(host: FakeHost, policy: dict[str, Any]) -> None:
    assert host.code("applied", **policy, **SNAPSHOT) == "applied"


def test_what_transactions_keep_is_limited(host: FakeHost) -> None:
    result = host.call("staged", way_back_limit=29)
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("refused", "way_back_limit")
    assert "cleanup" in result["outcome"]["remedy"]
    assert host.state.kept_bytes() == 0


def test_earlier_transactions_count_towards_the_limit(host: FakeHost) -> None:
    host.call("staged")
    kept = host.state.kept_bytes()
    limit = {"supersede_staged": False, "way_back_limit": kept + 29}
    host.call("applied")
    host.driver.packages = set(FORMER)
    assert host.code("staged", selection={"packages": ["bash"]}, **limit) == "way_back_limit"
    assert host.code("staged", selection={"packages": ["libx"]}) == "staged"


def test_what_is_kept_is_told_and_released(host: FakeHost) -> None:
    applied = host.call("applied")
    kept = decode(applied["patchops_payload"])["kept_bytes"]
    said = answers.inform(host.state, None, 0, None)
    assert kept == said["kept_bytes"] == said["transactions"][0]["kept_bytes"] == host.state.kept_bytes()
    committed = host.call("committed")
    assert (committed["freed_bytes"], host.state.kept_bytes()) == (kept, 0)


def test_what_can_not_be_deleted_is_not_called_released(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("applied")

    def refuse(path: str) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr("shutil.rmtree", refuse)
    result = host.call("committed")
    assert result["outcome"]["code"] == "not_released"
    assert answers.inform(host.state, None, 0, None)["transaction"]["state"] == "applied"


def test_the_note_of_a_reboot_that_is_over_goes_with_the_last_open_transaction(host: FakeHost) -> None:
    host.call("applied")
    note = Path(host.state.root) / "reboot.json"
    note.write_text('{"boot_id": "an-earlier-one", "ordered_at": 0}')
    host.call("committed")
    assert not note.exists()


def test_the_note_of_a_reboot_that_is_to_come_stays(host: FakeHost) -> None:
    host.state.make()
    record = Record(host.state)
    record.write([], None, [], "run")
    host.call("committed")
    assert record.read() is not None


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2
)
@given(kills=st.lists(st.integers(0, 9), max_size=4), broken=st.sampled_from([None, "bash", "libx"]))
def test_however_often_it_is_killed_it_is_as_planned_as_before_or_halted_at_what_has_no_way_back(
    make_host: Callable[[], FakeHost], kills: list[int], broken: Any
) -> None:
    host = make_host()
    host.driver.broken_package = broken
    for kill in kills:
        seen = iter(range(10_000))

        def trip(kill: int = kill, seen: Any = seen) -> None:
            if next(seen) == kill:
                raise Killed

        host.driver.trip = trip
        host.call("applied", **FORWARD)
    host.driver.trip = lambda: None
    last = host.call("applied", **FORWARD)
    if broken == "bash":
        assert last["outcome"]["code"] in ("forward_only_failed", "transaction_live")
        assert host.driver.packages == PLANNED
    else:
        assert host.driver.packages == (FORMER if broken else PLANNED)
        assert host.driver.half_done == set()


def test_the_document_fits_its_schema(host: FakeHost) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = decode(host.call("applied", snapshot="s1", **SNAPSHOT)["patchops_payload"])
    jsonschema.Draft202012Validator(json_schema("patchops.transaction")).validate(document)
    assert {one["name"]: one["way_back"] for one in document["plan"]["packages"]} == {
        "bash": "snapshot_only",
        "libx": "revertible",
        "newdep": "revertible",
    }
