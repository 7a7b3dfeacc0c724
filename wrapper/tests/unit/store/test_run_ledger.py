# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was started is on record before it starts, and questions are answered from the record."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory, RunKey, WorkerId
from patchops.store import interrupted
from patchops.store.interrupted import INTERRUPTED
from patchops.store.queries import find_run, fleet, last_runs
from patchops.store.run_ledger import Closing, HostFacts, NewRun, Overtaken, Result, RunLedger

NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(minutes=5)
LEASE = datetime.timedelta(minutes=2)
WORKER = WorkerId("w1", "m1", "ctl1", "b1", 1234)
INVENTORY = Inventory("/inv", ("/inv",))
PATCH = RunKey("/inv", "patch")
RUN = NewRun(
    run_id="r1",
    playbook="patch",
    inventory=INVENTORY,
    pattern="all",
    changes_hosts=True,
    check_mode=False,
    hosts=["web1", "web2"],
)
RESULT = Result("web1", "ok", "verified", "fine", "", "verify", touched=True, lost=False, changes=3)
CLOSING = Closing(
    status="done",
    exit_code=0,
    returncode=0,
    reason="",
    patch_set_id="ab" * 32,
    facts=[HostFacts("web1", os="Debian 12", pending_total=0, pending_security=0, effective="yes")],
    results=[RESULT],
)


@pytest.fixture
def ledger(engine: Engine) -> RunLedger:
    return RunLedger(engine)


def test_an_attempt_is_open_with_its_hosts_until_it_is_closed(ledger: RunLedger) -> None:
    attempt = ledger.begin(RUN, "/runs/r1/attempt-1", WORKER, NOW, LEASE)

    (open_attempt,) = ledger.open_attempts(NOW)
    assert open_attempt.attempt_id == attempt
    assert ledger.hosts_among(attempt, ["web2", "db1", "web1"]) == ["web1", "web2"]
    assert open_attempt.worker == WORKER
    assert open_attempt.inventory == INVENTORY
    ledger.close(attempt, CLOSING, LATER)
    assert ledger.open_attempts(NOW) == []


def test_hosts_are_not_started_until_something_else_is_known(ledger: RunLedger, engine: Engine) -> None:
    ledger.begin(RUN, "/d", WORKER, NOW, LEASE)

    assert [host.last_class for host in fleet(engine)] == ["not_started", "not_started"]


def test_a_closed_run_tells_its_results(ledger: RunLedger, engine: Engine) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.close(attempt, CLOSING, LATER)

    web1, web2 = fleet(engine)
    assert (web1.last_class, web1.os, web1.effective, web1.seen_at) == ("ok", "Debian 12", "yes", LATER)
    assert (web2.last_class, web2.seen_at) == ("not_started", None)
    (run,) = last_runs(engine, 5)
    assert (run.status, run.exit_code, run.hosts, run.finished_at) == ("done", 0, 2, LATER)


def test_a_later_run_that_learned_nothing_leaves_what_is_known(ledger: RunLedger, engine: Engine) -> None:
    ledger.close(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), CLOSING, NOW)
    second = ledger.begin(replace(RUN, run_id="r2"), "/d", WORKER, LATER, LEASE)
    ledger.close(second, replace(CLOSING, facts=[HostFacts("web1")], results=[]), LATER)

    assert fleet(engine, "web1")[0].os == "Debian 12"


def test_a_transaction_is_kept_as_last_heard_of(ledger: RunLedger, engine: Engine) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.note_transaction(attempt, "web1", "t1", "staged", NOW)
    ledger.note_transaction(attempt, "web1", "t1", "applied", LATER)

    web1 = fleet(engine, "web1")[0]
    assert (web1.transaction_id, web1.transaction_state) == ("t1", "applied")


def test_an_interrupted_run_is_found_by_any_host_that_it_left_unfinished(ledger: RunLedger) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)

    assert ledger.resumable(PATCH, ["db1", "web2"]) == "r1"
    assert ledger.resumable(PATCH, ["db1"]) is None
    assert ledger.resumable(RunKey("/inv", "cleanup"), ["web2"]) is None
    assert ledger.resumable(RunKey("/other", "patch"), ["web2"]) is None


def test_a_host_that_came_out_of_an_interrupted_run_is_finished(ledger: RunLedger) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.close(attempt, replace(CLOSING, status=INTERRUPTED), LATER)

    assert ledger.resumable(PATCH, ["web1"]) is None
    assert ledger.resumable(PATCH, ["web2"]) == "r1"


def test_a_host_that_a_later_run_finished_does_not_bring_the_older_one_back(ledger: RunLedger) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)
    second = ledger.begin(replace(RUN, run_id="r2", hosts=["web1"]), "/d", WORKER, LATER, LEASE)
    ledger.close(second, CLOSING, LATER)

    assert ledger.resumable(PATCH, ["web1"]) is None
    assert ledger.resumable(PATCH, ["web2"]) == "r1"


def test_a_run_that_is_taken_up_with_other_hosts_is_not_done_while_one_is_unfinished(
    ledger: RunLedger, engine: Engine
) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)
    again = ledger.begin(replace(RUN, hosts=["web1", "db1"]), "/d2", WORKER, LATER, LEASE)
    ledger.close(again, CLOSING, LATER)

    (run,) = last_runs(engine, 5)
    assert (run.status, run.attempts) == ("interrupted", 2)
    assert "Left unfinished by an earlier attempt: web2." in run.reason
    assert ledger.resumable(PATCH, ["web2"]) == "r1"


def test_a_run_that_ended_is_not_taken_up_again(ledger: RunLedger) -> None:
    ledger.close(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), CLOSING, LATER)

    assert ledger.resumable(PATCH, ["web1", "web2"]) is None


def test_an_interrupted_run_of_which_nothing_is_left_is_superseded(ledger: RunLedger, engine: Engine) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)
    ledger.begin(replace(RUN, run_id="r2", hosts=["web1"]), "/d", WORKER, LATER, LEASE)
    assert status_of(engine, "r1")[0] == "interrupted"
    third = ledger.begin(replace(RUN, run_id="r3", hosts=["web2", "db1"]), "/d", WORKER, LATER, LEASE)

    assert status_of(engine, "r1") == ("superseded", "Superseded by run r3.")
    ledger.mark_interrupted(third, LATER)
    assert status_of(engine, "r3")[0] == "interrupted"
    assert ledger.resumable(PATCH, ["web1", "web2"]) == "r3"


@pytest.mark.parametrize(
    "other",
    [
        replace(RUN, run_id="r2", playbook="reboot"),
        replace(RUN, run_id="r2", inventory=Inventory("/other", ("/other",))),
        replace(RUN, run_id="r2", changes_hosts=False, check_mode=True),
        replace(RUN, run_id="r2", hosts=["db1"]),
    ],
    ids=["another playbook", "another inventory", "a plan alone", "other hosts"],
)
def test_a_run_of_another_kind_ends_no_interrupted_one(
    ledger: RunLedger, engine: Engine, other: NewRun
) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)
    ledger.close(ledger.begin(other, "/d", WORKER, LATER, LEASE), CLOSING, LATER)

    assert status_of(engine, "r1")[0] == "interrupted"
    assert ledger.resumable(PATCH, ["web1"]) == "r1"


def test_a_run_that_a_person_closed_is_not_taken_up(ledger: RunLedger, engine: Engine) -> None:
    ledger.mark_interrupted(ledger.begin(RUN, "/d", WORKER, NOW, LEASE), LATER)

    assert interrupted.close(engine, "r1", "done by hand", LATER) == ["web1", "web2"]
    assert status_of(engine, "r1") == ("closed", "done by hand")
    assert ledger.resumable(PATCH, ["web1"]) is None
    assert interrupted.close(engine, "r1", "again", LATER) is None


def test_only_an_interrupted_run_is_closed(ledger: RunLedger, engine: Engine) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    assert interrupted.close(engine, "r1", "why", LATER) is None
    ledger.close(attempt, CLOSING, LATER)
    assert interrupted.close(engine, "r1", "why", LATER) is None
    assert interrupted.close(engine, "none", "why", LATER) is None


def test_the_end_of_a_run_asks_as_often_for_a_thousand_hosts_as_for_two(
    ledger: RunLedger, engine: Engine
) -> None:
    def statements(run_id: str, names: list[str]) -> int:
        attempt = ledger.begin(replace(RUN, run_id=run_id, hosts=names), "/d", WORKER, NOW, LEASE)
        told: list[int] = []

        def count(*_arguments: object) -> None:
            told.append(1)

        event.listen(engine, "before_cursor_execute", count)
        try:
            ledger.close(
                attempt,
                replace(
                    CLOSING,
                    facts=[HostFacts(name, os="Debian 12", pending_total=0) for name in names],
                    results=[replace(RESULT, name=name) for name in names],
                ),
                LATER,
            )
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return len(told)

    few = statements("few", ["web1", "web2"])
    assert statements("many", [f"host{number}" for number in range(1000)]) == few


def status_of(engine: Engine, run_id: str) -> tuple[str, str]:
    run = find_run(engine, run_id)
    assert run is not None
    return run.status, run.reason


def test_of_two_runs_that_begin_at_once_on_a_host_one_is_refused(ledger: RunLedger) -> None:
    first = ledger.begin(RUN, "/d", WORKER, NOW, LEASE, looked_at=())
    second = replace(RUN, run_id="r2", hosts=["web2", "db1"])

    with pytest.raises(Overtaken) as refused:
        ledger.begin(second, "/d2", WORKER, NOW, LEASE, looked_at=())
    assert (refused.value.run_id, refused.value.hosts) == ("r1", ["web2"])
    assert ledger.attempts_of("r2") == 0
    ledger.begin(second, "/d2", WORKER, NOW, LEASE, looked_at=(first,))
    ledger.begin(replace(RUN, run_id="r3", changes_hosts=False), "/d3", WORKER, NOW, LEASE, looked_at=())


def leased(ledger: RunLedger, now: datetime.datetime) -> bool:
    (attempt,) = ledger.open_attempts(now)
    return attempt.leased


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
def test_a_lease_is_renewed_until_the_attempt_is_closed(ledger: RunLedger) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)

    assert leased(ledger, NOW)
    assert not leased(ledger, LATER)
    assert ledger.renew(attempt, LATER, LEASE)
    assert leased(ledger, LATER)
    ledger.mark_interrupted(attempt, LATER)
    assert not ledger.renew(attempt, LATER, LEASE)


@pytest.mark.parametrize("where", ["postgresql"], indirect=True)
@pytest.mark.parametrize("off", [datetime.timedelta(days=-1), datetime.timedelta(days=1)])
def test_a_lease_does_not_depend_on_the_clock_of_any_machine(
    ledger: RunLedger, off: datetime.timedelta
) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW + off, datetime.timedelta(minutes=10))

    assert leased(ledger, NOW - off)
    assert ledger.renew(attempt, NOW + off, datetime.timedelta(0))
    assert not leased(ledger, NOW - off)


def test_a_host_is_found_by_its_name_and_by_its_label(ledger: RunLedger, engine: Engine) -> None:
    ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.begin(replace(RUN, run_id="r2", inventory=Inventory("prod")), "/d", WORKER, NOW, LEASE)

    assert len(fleet(engine, "web1")) == 2
    assert [host.inventory for host in fleet(engine, "web1@prod")] == ["prod"]
    assert [run.run_id for run in last_runs(engine, 5, "web1@/inv")] == ["r1"]


def test_the_same_name_in_two_inventories_is_two_hosts(ledger: RunLedger, engine: Engine) -> None:
    ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.begin(replace(RUN, run_id="r2", inventory=Inventory("/other")), "/d", WORKER, NOW, LEASE)

    assert [host.inventory for host in fleet(engine, "web1")] == ["/inv", "/other"]


def test_the_newest_run_is_found_without_its_id(ledger: RunLedger, engine: Engine) -> None:
    ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.begin(replace(RUN, run_id="r2"), "/d", WORKER, LATER, LEASE)

    newest = find_run(engine, None)
    assert newest is not None
    assert newest.run_id == "r2"
    assert find_run(engine, "nowhere") is None


def test_runs_of_a_host_are_those_that_were_about_it(ledger: RunLedger, engine: Engine) -> None:
    ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.begin(replace(RUN, run_id="r2", hosts=["web2"]), "/d", WORKER, LATER, LEASE)

    assert [run.run_id for run in last_runs(engine, 5, "web1")] == ["r1"]


def test_a_run_that_was_closed_since_it_was_looked_at_keeps_its_end(
    ledger: RunLedger, engine: Engine
) -> None:
    attempt = ledger.begin(RUN, "/d", WORKER, NOW, LEASE)
    ledger.close(attempt, CLOSING, LATER)
    ledger.mark_interrupted(attempt, LATER)
    found = find_run(engine, "r1")
    assert found is not None
    assert found.status == "done"


def test_an_attempt_that_ends_late_does_not_end_the_run_that_a_later_one_took_up(
    ledger: RunLedger, engine: Engine
) -> None:
    first = ledger.begin(RUN, "/d1", WORKER, NOW, LEASE)
    ledger.mark_interrupted(first, NOW)
    ledger.begin(RUN, "/d2", WORKER, LATER, LEASE)
    ledger.close(first, CLOSING, LATER)
    found = find_run(engine, "r1")
    assert found is not None
    assert found.status == "running"
