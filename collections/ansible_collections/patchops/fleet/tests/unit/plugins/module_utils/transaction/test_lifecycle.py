# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole transactions against a package manager in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.payload import decode
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import Lock
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    answers,
    survey,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeHost,
    Killed,
)


def trip_at(number: int) -> Callable[[], None]:
    """Return a trip that kills the worker at its `number`-th call and never again."""
    seen = iter(range(10_000))

    def trip() -> None:
        if next(seen) == number:
            raise Killed

    return trip


def test_staging_installs_nothing(host: FakeHost) -> None:
    assert host.code("staged") == "staged"
    assert host.driver.packages == FORMER


def test_applying_installs_what_was_planned(host: FakeHost) -> None:
    assert host.code("applied") == "applied"
    assert host.driver.packages == PLANNED


def test_a_second_call_changes_nothing(host: FakeHost) -> None:
    host.call("applied")
    second = host.call("applied")
    assert (second["outcome"]["code"], second["changed"]) == ("nothing_to_do", False)
    assert second["transaction"]["state"] == "applied"


def test_a_staged_transaction_is_applied_under_its_id(host: FakeHost) -> None:
    staged = host.call("staged")
    applied = host.call("applied")
    assert applied["transaction"]["id"] == staged["transaction"]["id"]


def test_new_dependencies_are_automatic(host: FakeHost) -> None:
    host.call("applied")
    assert host.driver.automatic == ["newdep:amd64", "tzdata:all"]


def test_reverting_restores_the_list_and_the_marks(host: FakeHost) -> None:
    host.call("applied")
    assert host.code("reverted") == "taken_back"
    assert host.driver.packages == FORMER
    assert host.driver.automatic == ["tzdata:all"]


def test_what_was_taken_back_stays_away_until_it_is_committed(host: FakeHost) -> None:
    host.call("applied")
    host.call("reverted")
    assert host.code("applied") == "still_blocked"
    assert host.driver.packages == FORMER
    host.call("committed")
    assert host.driver.pins == {}
    assert host.code("applied") == "applied"


def test_committing_frees_the_room(host: FakeHost) -> None:
    applied = host.call("applied")
    host.call("committed")
    directory = Path(host.state.transaction(applied["transaction"]["id"]).path)
    assert sorted(path.name for path in directory.iterdir()) == [
        "journal.jsonl",
        "plan.json",
        "request.json",
    ]


def test_the_driver_learns_when_no_transaction_is_open_any_more(host: FakeHost) -> None:
    host.call("applied")
    assert host.driver.releases == 0
    host.call("committed")
    assert host.driver.releases == 1


def test_a_staged_transaction_is_discarded(host: FakeHost) -> None:
    host.call("staged")
    assert host.call("committed")["transaction"]["state"] == "discarded"


def test_without_the_old_packages_nothing_begins(host: FakeHost) -> None:
    host.driver.served_old = False
    result = host.call("applied")
    assert (result["outcome"]["code"], result["transaction"]["state"]) == ("no_way_back", "failed")
    assert "bash 1" in result["outcome"]["message"]
    assert host.driver.packages == FORMER


def test_rebuilt_packages_are_good_enough_for_best_effort(host: FakeHost) -> None:
    host.driver.served_old = False
    assert host.code("applied", way_back="best_effort") == "applied"


def test_a_failing_package_is_taken_back(host: FakeHost) -> None:
    host.driver.broken_package = "libx"
    result = host.call("applied")
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("reverted", "install_taken_back")
    assert (result["transaction"]["state"], result["host_state"]) == ("failed", "former")
    assert host.driver.packages == FORMER


@pytest.mark.parametrize(
    "words",
    [
        "E: Could not get lock /var/lib/dpkg/lock-frontend.",
        "failed to init transaction (unable to lock database)",
    ],
)
def test_a_package_manager_that_refuses_to_begin_has_changed_nothing(host: FakeHost, words: str) -> None:
    host.driver.refusal = words
    result = host.call("applied")
    assert (result["outcome"]["class"], result["outcome"]["code"]) == ("refused", "lock_held")
    assert (result["host_state"], host.driver.pins) == ("former", {})


def test_a_full_disk_is_not_blamed_on_the_packages(host: FakeHost) -> None:
    host.driver.broken_package = "libx"
    host.driver.complaint = "cannot copy: No space left on device"
    assert host.code("applied") == "install_taken_back"
    assert (host.driver.packages, host.driver.pins) == (FORMER, {})


def test_a_driver_that_fails_after_the_change_began_refuses_nothing(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(versions: Any, transaction_id: str) -> None:
        raise DriverError("repository_unreadable", "apt can't read its sources: Write error.")

    host.driver.broken_package = "libx"
    with monkeypatch.context() as patch:
        patch.setattr(host.driver, "block", cannot)
        failed = host.call("applied")
    assert (failed["outcome"]["code"], failed["host_state"]) == ("state_mixed", "mixed")
    assert host.code("reverted") == "taken_back"
    assert host.driver.packages == FORMER


def test_a_failing_package_without_a_way_back_leaves_a_mixed_host(host: FakeHost) -> None:
    host.driver.broken_package = "libx"
    result = host.call("applied", way_back="none")
    assert (result["outcome"]["code"], result["host_state"]) == ("state_mixed", "mixed")
    assert result["outcome"]["remedy"].endswith("then call again: state: applied goes on.")


def test_a_mixed_host_goes_on_once_it_is_repaired(host: FakeHost) -> None:
    host.driver.broken_package = "libx"
    host.call("applied", way_back="none")
    host.driver.broken_package = None
    assert host.code("applied", way_back="none") == "applied"
    assert host.driver.packages == PLANNED


def test_a_held_lock_refuses_and_names_its_holder(host: FakeHost) -> None:
    host.call("staged")
    host.driver.holder = {"pid": 4711, "command": "apt-get"}
    result = host.call("applied")
    assert (result["outcome"]["code"], result["changed"]) == ("lock_held", False)
    assert "process 4711 (apt-get)" in result["outcome"]["message"]
    assert result["transaction"]["state"] == "staged"


def test_after_the_lock_is_free_the_staged_one_is_applied(host: FakeHost) -> None:
    host.call("staged")
    host.driver.holder = {"pid": 4711, "command": "apt-get"}
    host.call("applied")
    host.driver.holder = None
    assert host.code("applied") == "applied"


def test_an_interrupted_change_of_others_refuses(host: FakeHost) -> None:
    host.driver.half_done.add("bash")
    assert host.code("staged") == "interrupted_packages"
    assert host.state.ids() == []


def test_a_plan_that_no_longer_fits_installs_nothing(host: FakeHost) -> None:
    host.call("staged")
    host.driver.packages = {("bash", "amd64", "1.5"), ("libx", "amd64", "1"), ("tzdata", "all", "1")}
    result = host.call("applied")
    assert (result["outcome"]["code"], result["host_state"]) == ("plan_changed", "former")
    assert ("bash", "amd64", "1.5") in host.driver.packages


def test_an_altered_way_back_installs_nothing(host: FakeHost) -> None:
    staged = host.call("staged")
    directory = host.state.transaction(staged["transaction"]["id"])
    (Path(directory.way_back_packages) / "bash_1_amd64.deb").write_text("altered")
    assert host.code("applied") == "way_back_damaged"
    assert host.driver.packages == FORMER


def test_a_change_by_somebody_else_is_not_reverted(host: FakeHost) -> None:
    host.call("applied")
    host.driver.packages = PLANNED - {("bash", "amd64", "2")} | {("bash", "amd64", "3")}
    result = host.call("reverted")
    assert result["outcome"]["code"] == "external_change"
    assert "bash (planned 2, found 3)" in result["outcome"]["message"]


def test_a_stale_fence_is_refused(host: FakeHost) -> None:
    host.call("staged", fence=7)
    assert host.code("applied", fence=6) == "stale_fence"
    assert host.code("applied", fence=7) == "applied"


def test_another_transaction_supersedes_a_staged_one_when_told_to(host: FakeHost) -> None:
    first = host.call("staged")["transaction"]["id"]
    second = host.call("staged", selection={"packages": ["bash"]}, supersede_staged=True)["transaction"]["id"]
    views = {one.directory.id: one.view.state for one in survey.read_records(host.state)}
    assert views == {first: "superseded", second: "staged"}


def test_a_call_while_a_worker_is_at_work_attaches(host: FakeHost) -> None:
    host.driver.trip = trip_at(0)
    host.call("staged")
    host.driver.trip = lambda: None
    with Lock(host.state.lock):
        result = host.call("staged", wait=False)
    assert (result["outcome"]["code"], result["live"]) == ("started", True)


def test_a_worker_that_died_is_told_by_its_lock(host: FakeHost) -> None:
    host.driver.trip = trip_at(2)
    result = host.call("applied")
    assert (result["outcome"]["code"], result["interrupted"]) == ("outcome_unknown", True)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2
)
@given(kills=st.lists(st.integers(0, 9), max_size=4), broken=st.sampled_from([None, "bash", "libx"]))
def test_however_often_the_worker_is_killed_the_host_ends_as_planned_or_as_before(
    make_host: Callable[[], FakeHost], kills: list[int], broken: Any
) -> None:
    host = make_host()
    host.driver.broken_package = broken
    for kill in kills:
        host.driver.trip = trip_at(kill)
        host.call("applied")
    host.driver.trip = lambda: None
    host.call("applied")
    assert host.driver.packages == (FORMER if broken else PLANNED)
    assert host.driver.half_done == set()
    assert host.states().count(states.APPLIED) == (0 if broken else 1)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2
)
@given(kills=st.lists(st.integers(0, 9), max_size=4))
def test_however_often_reverting_is_killed_the_host_ends_as_before(
    make_host: Callable[[], FakeHost], kills: list[int]
) -> None:
    host = make_host()
    host.call("applied")
    for kill in kills:
        host.driver.trip = trip_at(kill)
        host.call("reverted")
    host.driver.trip = lambda: None
    host.call("reverted")
    assert host.driver.packages == FORMER
    assert host.driver.half_done == set()


def test_the_document_of_a_transaction_fits_its_schema(host: FakeHost) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    result = host.call("applied")
    document = decode(result["patchops_payload"])
    jsonschema.Draft202012Validator(json_schema("patchops.transaction")).validate(document)
    assert document["state"] == "applied"


def test_info_lists_what_is_kept_and_describes_the_newest(host: FakeHost) -> None:
    applied = host.call("applied")
    said = answers.inform(host.state, None, 0, "debian-12-amd64")
    assert [one["id"] for one in said["transactions"]] == [applied["transaction"]["id"]]
    assert (said["outcome"]["code"], said["changed"], said["platform"]) == (
        "applied",
        False,
        "debian-12-amd64",
    )


def test_info_on_a_host_without_transactions_says_so(host: FakeHost) -> None:
    assert answers.inform(host.state, None, 0, None)["outcome"]["code"] == "nothing_to_do"
    assert answers.inform(host.state, "t9", 0, None)["outcome"]["code"] == "transaction_unknown"


def test_a_diff_shows_both_lists_and_turns_for_the_way_back(host: FakeHost) -> None:
    forward = host.call("applied")["diff"]
    assert forward["before"] == "bash:amd64 1\nlibx:amd64 1\n"
    assert forward["after"] == "bash:amd64 2\nlibx:amd64 2\nnewdep:amd64 1\n"
    backward = host.call("reverted")["diff"]
    assert (backward["before"], backward["after"]) == (forward["after"], forward["before"])
