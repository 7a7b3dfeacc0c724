# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls, workers and watchdogs find when another one was killed between two of its steps."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import Journal
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import StateDirectory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    calls,
    context,
    detach,
    services,
    survey,
    watchdog,
    worker,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeHost,
    Killed,
)


def killed(*_arguments: Any, **_named: Any) -> Any:
    raise Killed


def test_a_release_that_was_cut_off_leaves_a_way_back_that_is_told_to_be_gone(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("applied")
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Journal, "enter", killed)
        host.call("committed")
    assert host.code("reverted") == "way_back_damaged"
    assert host.code("committed") == "committed"


def test_a_staged_one_whose_release_was_cut_off_is_planned_anew(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("staged")
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Journal, "enter", killed)
        host.call("committed")
    assert host.code("applied") == "way_back_damaged"
    assert host.code("applied") == "applied"


@pytest.mark.parametrize("step", ["_supersede", "Call._create", "Call._launch"])
def test_a_call_that_replaces_a_staged_one_can_be_cut_off_anywhere(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    host.call("staged")
    again = {"selection": {"packages": ["bash"]}, "supersede_staged": True}
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(f"{calls.__name__}.{step}", killed)
        host.call("staged", **again)
    assert host.code("staged", **again) == "staged"
    assert [one.view.state for one in survey.read_records(host.state)] == ["superseded", "staged"]


def test_what_a_superseded_transaction_could_not_delete_goes_with_the_next_release(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("staged")
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(calls, "release_files", killed)
        host.call("staged", selection={"packages": ["bash"]}, supersede_staged=True)
    assert host.state.kept_bytes() > 0
    host.call("committed")
    assert host.state.kept_bytes() == 0


def test_what_a_watchdog_took_back_meanwhile_is_not_released_unseen(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction_id = host.call("applied")["transaction"]["id"]
    journal = Journal(host.state.transaction(transaction_id).journal)
    decide = calls.Call._decide

    def decide_and_be_overtaken(call: calls.Call, records: list[survey.Record]) -> Any:
        decision = decide(call, records)
        journal.append("blocked", versions=[{"name": "bash", "version": "2"}])
        return decision

    with monkeypatch.context() as patch:
        patch.setattr(calls.Call, "_decide", decide_and_be_overtaken)
        assert host.code("committed") == "transaction_live"
    assert host.code("committed") == "committed"
    assert journal.view().blocked == []


def test_the_directory_of_a_transaction_that_somebody_deleted_gives_no_name_twice(host: FakeHost) -> None:
    first = host.call("applied")["transaction"]["id"]
    host.call("committed")
    host.driver.packages = set(FORMER)
    second = host.call("applied")["transaction"]["id"]
    host.call("committed")
    Path(host.state.transaction(first).journal).unlink()
    host.driver.packages = set(FORMER)
    assert host.call("applied")["transaction"]["id"] not in (first, second)


def test_versions_that_a_failed_way_back_had_blocked_are_free_once_they_are_installed(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.driver.broken_package = "libx"
    with monkeypatch.context() as patch:
        patch.setattr(host.driver, "restore_marks", _fail)
        assert host.code("applied") == "state_mixed"
    assert host.driver.pins != {}
    host.driver.broken_package = None
    assert host.code("applied") == "applied"
    assert (host.driver.packages, host.driver.pins) == (PLANNED, {})


def test_what_was_applied_once_and_is_mixed_now_is_not_said_to_go_on(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = host.call("applied")
    with monkeypatch.context() as patch:
        patch.setattr(host.driver, "restore_marks", _fail)
        failed = host.call("reverted")
    assert failed["outcome"]["code"] == "state_mixed"
    assert "state: applied" not in failed["outcome"]["remedy"]
    again = host.call("applied", id=applied["transaction"]["id"])
    assert again["outcome"]["code"] == "transaction_state"
    assert host.code("reverted") == "taken_back"


def test_going_back_takes_nothing_else_along(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.call("applied")
    simulate = host.driver.simulate

    def and_one_more(files: list[str], removals: list[str], allow_downgrades: bool) -> list[dict[str, Any]]:
        needs_it = {"name": "ontop", "arch": None, "from": "1", "to": None}
        return [*simulate(files, removals, allow_downgrades), needs_it]

    monkeypatch.setattr(host.driver, "simulate", and_one_more)
    result = host.call("reverted")
    assert (result["outcome"]["code"], result["transaction"]["state"]) == ("external_change", "applied")
    assert "ontop" in result["outcome"]["message"]
    assert host.driver.packages == PLANNED


def test_going_back_is_refused_where_the_former_packages_fit_no_more(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.call("applied")
    monkeypatch.setattr(host.driver, "simulate", _fail)
    assert host.code("reverted") == "unsatisfiable"
    assert host.driver.packages == PLANNED


def test_what_is_applied_is_told_so_after_a_refused_way_back(host: FakeHost) -> None:
    applied = host.call("applied")
    host.driver.holder = {"pid": 4711, "command": "apt-get"}
    assert host.code("reverted") == "lock_held"
    assert host.code("applied", id=applied["transaction"]["id"]) == "applied"


def test_units_that_a_refusing_script_stopped_are_started_again_and_told_where_they_do_not_start(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored: list[Any] = []

    def restore(before: dict[str, Any]) -> dict[str, list[str]]:
        restored.append(before)
        return {"started": [], "switched": [], "failed": ["cron.service"], "untried": []}

    monkeypatch.setattr(services, "restore", restore)
    host.driver.refusal = "dpkg: error processing archive bash_2_amd64.deb (--unpack)"
    outcome = host.call("applied")["outcome"]
    assert outcome["code"] == "unsatisfiable"
    assert outcome["message"].endswith(
        "Nothing was changed. Units that ran before and did not start: cron.service."
    )
    assert len(restored) == 1


def test_a_package_that_leaves_all_architectures_keeps_its_mark(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.driver.automatic = ["bash:all", "tzdata:all"]
    host.driver.packages = FORMER - {("bash", "amd64", "1")} | {("bash", "all", "1")}
    plan = host.driver.plan

    def with_another_arch(*asked: Any) -> Plan:
        made = plan(*asked)
        changes = [one._replace(from_arch="all") if one.name == "bash" else one for one in made.packages]
        return made._replace(packages=tuple(changes))

    monkeypatch.setattr(host.driver, "plan", with_another_arch)
    assert host.code("applied", way_back="none") == "applied"
    assert "bash:amd64" in host.driver.automatic


def test_a_worker_that_comes_late_does_nothing_that_its_caller_did_not_hear_of(
    host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction_id = host.call("staged")["transaction"]["id"]
    directory = host.state.transaction(transaction_id)
    journal = Journal(directory.journal)
    attempt = journal.view().attempt + 1

    def comes_late(state: StateDirectory, kept: Journal, wanted: int) -> bool:
        kept.append("started", attempt=wanted, pid=1)
        return False

    monkeypatch.undo()
    monkeypatch.setattr(detach, "has_systemd", lambda: False)
    monkeypatch.setattr(detach, "start_session", lambda argv: "")
    monkeypatch.setattr(detach, "_shows_itself", comes_late)
    detach.launch(host.state, directory, "applied", {})
    assert (journal.view().attempt, journal.view().goal) == (attempt, "applied")


def test_a_worker_whose_caller_gave_up_does_nothing(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction_id = host.call("staged")["transaction"]["id"]
    directory = host.state.transaction(transaction_id)
    journal = Journal(directory.journal)
    monkeypatch.undo()
    monkeypatch.setattr(detach, "has_systemd", lambda: False)
    monkeypatch.setattr(detach, "start_session", lambda argv: "no such program")
    with pytest.raises(DriverError, match="did not start"):
        detach.launch(host.state, directory, "applied", {})
    worker._work(host.state, directory, journal.view().attempt, "applied")
    assert (journal.view().state, host.driver.packages) == ("staged", FORMER)


def test_a_watchdog_on_a_full_disk_waits_on_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(watchdog, "write_file", full)
    patience = watchdog.Patience(str(tmp_path / "watch.waited"), 0.0)
    assert [patience.tick(now, counts=True) for now in (6.0, 12.0, 18.0)] == [6.0, 12.0, 18.0]


def test_lifting_a_block_twice_asks_the_package_manager_once(host: FakeHost) -> None:
    host.call("applied")
    transaction_id = host.call("reverted")["transaction"]["id"]
    directory = host.state.transaction(transaction_id)
    context.lift_block(host.driver, directory)
    before = Journal(directory.journal).view().seq
    context.lift_block(host.driver, directory)
    assert Journal(directory.journal).view().seq == before


def _fail(*_arguments: Any, **_named: Any) -> Any:
    raise DriverError("internal_error", "it did not work")
