# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of what a login goes through, on a host in memory whose clock is turned by hand."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import (
    answers,
    confirming,
    services,
    watch_unit,
    watchdog,
    worker,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeHost,
    Killed,
)

WITHIN = 30
OTHER = {"selection": {"packages": ["libx"]}}


class Clock:
    """Time that passes only while somebody sleeps; `events` happen when their second has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for due in [one for one in self.events if one[0] <= self.now]:
            self.events.remove(due)
            due[1]()


class Rebooted(BaseException):
    """The host goes down here."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(watchdog, "time", turned)
    return turned


@pytest.fixture(autouse=True)
def host_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "_start_watchdog", lambda state, directory: None)
    monkeypatch.setattr(worker, "_take_signals", lambda handler: None)
    monkeypatch.setattr(watch_unit, "is_there", lambda transaction_id: False)
    monkeypatch.setattr(services, "restart_access", lambda units: [])
    monkeypatch.setattr(worker, "_PATIENCE", 0)


def apply(host: FakeHost, **options: Any) -> dict[str, Any]:
    return host.call("applied", confirm_within=WITHIN, **options)


def watch(host: FakeHost) -> None:
    """Run the host's watchdog to its end, or until a reboot ends it."""
    (transaction_id,) = host.state.ids()
    with contextlib.suppress(Rebooted):
        worker.main([host.state.root, transaction_id, "0", confirming.WATCH])


def reboot() -> None:
    raise Rebooted


def events(host: FakeHost) -> list[str]:
    return [one["event"] for kept in host.journals() for one in kept.entries()]


def test_the_host_waits_before_the_first_package_changes(host: FakeHost) -> None:
    result = apply(host)
    assert result["confirm"] == {
        "needed": True,
        "by": ["bash"],
        "stays": [],
        "within": WITHIN,
        "reason": None,
        "state": "pending",
    }
    kept = [one.get("state") or one["event"] for one in host.journals()[0].entries()]
    assert kept.index("armed") < kept.index("applying")


def test_without_a_confirmation_the_host_takes_the_change_back(host: FakeHost, clock: Clock) -> None:
    transaction_id = apply(host)["transaction"]["id"]
    watch(host)
    assert host.driver.packages == FORMER
    assert WITHIN <= clock.now <= WITHIN + 2
    told = host.call("confirmed", id=transaction_id)
    assert (told["outcome"]["class"], told["outcome"]["code"]) == ("reverted", "not_confirmed")
    assert "bash" in told["outcome"]["message"]
    assert told["confirm"]["state"] == "unconfirmed"
    assert host.code("applied") == "still_blocked"
    assert host.code("reverted") == "taken_back"


def test_with_a_confirmation_it_stays(host: FakeHost, clock: Clock) -> None:
    apply(host)
    clock.events.append((WITHIN - 5, lambda: assert_confirmed(host)))
    watch(host)
    assert host.driver.packages == PLANNED
    assert clock.now < WITHIN
    assert host.call("confirmed")["outcome"]["code"] == "nothing_to_do"


def assert_confirmed(host: FakeHost) -> None:
    result = host.call("confirmed", run_id="r1")
    assert (result["outcome"]["code"], result["changed"]) == ("confirmed", True)
    assert result["confirm"]["state"] == "confirmed"


def test_a_confirmation_that_comes_too_late_is_told_what_became_of_it(host: FakeHost, clock: Clock) -> None:
    transaction_id = apply(host)["transaction"]["id"]
    watch(host)
    late = host.call("confirmed", id=transaction_id)
    assert (late["failed"], late["outcome"]["code"]) == (True, "not_confirmed")
    assert host.driver.packages == FORMER


def test_the_seconds_add_up_over_reboots_and_time_off_does_not_count(host: FakeHost, clock: Clock) -> None:
    apply(host)
    clock.events.append((20, reboot))
    watch(host)
    assert host.driver.packages == PLANNED
    clock.now = 100_000.0  # another boot, and its clock starts anywhere
    watch(host)
    assert host.driver.packages == FORMER
    assert 100_000 + WITHIN - 20 <= clock.now <= 100_000 + WITHIN - 20 + 8


def test_a_machine_that_stood_still_does_not_run_out_of_time(tmp_path: Path) -> None:
    patience = watchdog.Patience(str(tmp_path / "waited"), 0.0)
    assert patience.tick(5_000.0, counts=True) < 60
    assert patience.tick(4_000.0, counts=True) < 60


def test_the_clock_on_the_wall_does_not_matter(
    host: FakeHost, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(host)
    monkeypatch.setattr(journal.times, "now", lambda: "1970-01-01T00:00:00Z")
    watch(host)
    assert WITHIN <= clock.now <= WITHIN + 2


def test_a_worker_that_died_in_the_middle_is_waited_for_and_then_taken_back(
    host: FakeHost, clock: Clock
) -> None:
    changes = iter(range(100))
    host.driver.trip = lambda: next(changes) < 4 or kill()
    apply(host)
    assert host.journals()[0].view().state == "applying"
    host.driver.trip = lambda: None
    watch(host)
    assert host.driver.packages == FORMER
    assert host.states()[-2:] == ["reverting", "reverted"]


def kill() -> None:
    raise Killed


def test_a_change_that_is_taken_back_by_a_call_is_waited_for_no_longer(host: FakeHost, clock: Clock) -> None:
    apply(host)
    assert host.call("reverted")["confirm"]["state"] == "released"
    watch(host)
    assert clock.now == 0
    assert "unconfirmed" not in events(host)


def test_who_commits_has_logged_in(host: FakeHost) -> None:
    apply(host)
    assert host.code("committed") == "committed"
    assert "confirmed" in events(host)


def test_nothing_is_put_on_top_of_what_is_not_confirmed(host: FakeHost) -> None:
    apply(host)
    for state in ("staged", "applied"):
        assert host.code(state, **OTHER) == "confirmation_pending"
    host.call("confirmed")
    assert host.code("staged", **OTHER) == "nothing_to_do"


@pytest.mark.parametrize("options", [{"confirm_within": 0}, {"way_back": "none"}])
def test_where_the_plan_says_so_nobody_waits(host: FakeHost, options: dict[str, Any]) -> None:
    result = host.call("applied", **{"confirm_within": WITHIN, **options})
    assert result["confirm"]["needed"] is False
    assert result["confirm"]["reason"]
    assert "armed" not in events(host)


def test_without_a_watchdog_nothing_is_changed(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(state: Any, directory: Any) -> None:
        raise DriverError("watchdog_failed", "The watchdog did not start.")

    monkeypatch.setattr(confirming, "_start_watchdog", refuse)
    assert apply(host)["outcome"]["code"] == "watchdog_failed"
    assert host.driver.packages == FORMER
    assert host.journals()[0].view().watch is None


def test_what_waits_is_watched_again_by_the_next_call_where_a_reboot_ended_its_watchdog(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    apply(host)
    monkeypatch.setattr(confirming, "_start_watchdog", lambda state, directory: started.append(directory.id))
    host.call("staged", **OTHER)
    assert started == host.state.ids()
    # Who takes it back needs nobody to do so.
    host.call("reverted")
    assert started == host.state.ids()


def test_a_lock_that_others_hold_is_tried_for_again(host: FakeHost, clock: Clock) -> None:
    apply(host)
    host.driver.holder = {"pid": 1, "command": "apt"}
    clock.events.append((WITHIN + 20, lambda: setattr(host.driver, "holder", None)))
    watch(host)
    assert host.driver.packages == FORMER


def test_a_lock_is_tried_for_again_where_a_worker_died_in_the_middle(host: FakeHost, clock: Clock) -> None:
    changes = iter(range(100))
    host.driver.trip = lambda: next(changes) < 4 or kill()
    apply(host)
    host.driver.trip = lambda: None
    host.driver.holder = {"pid": 1, "command": "dpkg"}
    clock.events.append((WITHIN + 100, lambda: setattr(host.driver, "holder", None)))
    watch(host)
    assert host.driver.packages == FORMER
    assert "disarmed" not in events(host)


def test_a_host_that_stands_still_in_the_middle_is_not_told_as_untouched(
    host: FakeHost, clock: Clock
) -> None:
    changes = iter(range(100))
    host.driver.trip = lambda: next(changes) < 4 or kill()
    apply(host)
    host.driver.trip = lambda: None
    host.driver.holder = {"pid": 1, "command": "dpkg"}
    clock.events.append((WITHIN + 50, reboot))
    watch(host)
    told = answers.inform(host.state, None, 0, None)
    assert (told["transaction"]["state"], told["outcome"]["code"]) == ("applying", "outcome_unknown")


def test_what_somebody_else_left_half_done_keeps_nobody_locked_out(host: FakeHost, clock: Clock) -> None:
    apply(host)
    host.driver.half_done.add("tzdata")
    watch(host)
    assert host.driver.packages == FORMER


def test_an_error_that_passes_is_not_the_end(
    host: FakeHost, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(host)
    monkeypatch.setattr(host.driver, "lock_holder", no_memory)
    clock.events.append((WITHIN + 100, lambda: setattr(host.driver, "lock_holder", lambda: None)))
    watch(host)
    assert host.driver.packages == FORMER
    assert "disarmed" not in events(host)


def test_an_error_that_does_not_pass_is_the_end(
    host: FakeHost, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(host)
    monkeypatch.setattr(host.driver, "lock_holder", no_memory)
    watch(host)
    assert events(host)[-1] == "disarmed"
    assert clock.now < WITHIN + 20 * 30


def no_memory() -> Any:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def test_what_can_not_be_taken_back_is_given_up_and_says_why(host: FakeHost, clock: Clock) -> None:
    apply(host)
    host.driver.packages = {("bash", "amd64", "3"), *(PLANNED - {("bash", "amd64", "2")})}
    watch(host)
    given_up = [one for one in host.journals()[0].entries() if one["event"] == "disarmed"]
    assert "Changed by somebody else since" in given_up[0]["reason"]


def test_a_reboot_that_brings_the_change_into_effect_is_waited_for_anew(host: FakeHost) -> None:
    apply(host)
    host.call("confirmed")
    assert confirming.arm_for_reboot(host.state) == WITHIN
    assert events(host).count("armed") == 2
    assert confirming.confirm_all(host.state, "reboot") == host.state.ids()


def test_a_later_reboot_is_nobodys_business(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(host)
    host.call("confirmed")
    monkeypatch.setattr(confirming, "boot_id", lambda: "another boot")
    assert confirming.arm_for_reboot(host.state) is None
    assert events(host).count("armed") == 1


def test_somebody_on_the_host_itself_may_confirm(host: FakeHost) -> None:
    transaction_id = apply(host)["transaction"]["id"]
    arguments = [host.state.root, transaction_id, "0", confirming.CONFIRM]
    assert [worker.main(arguments), worker.main(arguments)] == [0, 1]
