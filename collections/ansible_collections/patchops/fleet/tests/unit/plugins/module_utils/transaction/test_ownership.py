# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until a run has proven its change, other runs don't act over it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import journal
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import ownership
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.ownership import (
    Claim,
    Clock,
    Owner,
    holder,
)
from ansible_collections.patchops.fleet.plugins.module_utils.verification import flow
from ansible_collections.patchops.fleet.tests.unit.plugins.module_utils.transaction.fakes import (
    FORMER,
    PLANNED,
    FakeHost,
)

A, B = "run-a", "run-b"
OTHER_SET = {"packages": ["tzdata"]}


class Boot:
    """The host's clock, which a test moves."""

    def __init__(self) -> None:
        self.clock = Clock("boot-1", 100.0)

    def pass_time(self, seconds: float) -> None:
        self.clock = self.clock._replace(uptime=self.clock.uptime + seconds)

    def reboot(self) -> None:
        self.clock = Clock(self.clock.boot + "'", 0.0)


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> Boot:
    boot = Boot()
    monkeypatch.setattr(ownership, "read_clock", lambda: boot.clock)
    monkeypatch.setattr(ownership, "boot_id", lambda: boot.clock.boot)
    monkeypatch.setattr(journal, "boot_id", lambda: boot.clock.boot)
    return boot


def call(host: FakeHost, run: str, state: str, seconds: int = 7200, **options: Any) -> dict[str, Any]:
    claim = {"inventory": "prod", "controller": f"ops@{run}", "seconds": seconds}
    claim["take_over"] = options.pop("take_over", False)
    return host.call(state, run_id=run, claim=claim, **options)


def code(*arguments: Any, **options: Any) -> str:
    return str(call(*arguments, **options)["outcome"]["code"])


def owner(host: FakeHost, boot: Boot) -> str | None:
    holds = [holder(one.entries(), boot.clock) for one in host.journals()]
    return next((hold.owner.run_id for hold in holds if hold is not None), None)


@pytest.mark.parametrize(
    ("state", "options"),
    [
        ("committed", {}),
        ("reverted", {}),
        ("applied", {"selection": OTHER_SET}),
        ("staged", {"selection": OTHER_SET, "supersede_staged": True}),
    ],
)
def test_another_run_neither_releases_nor_takes_back_nor_replaces_what_is_not_proven(
    host: FakeHost, boot: Boot, state: str, options: dict[str, Any]
) -> None:
    call(host, A, "applied")
    assert code(host, B, state, **options) == "owned_by_another"
    assert host.driver.packages == PLANNED
    assert code(host, A, "reverted") == "taken_back"
    assert host.driver.packages == FORMER


def test_another_run_does_not_replace_what_is_staged(host: FakeHost, boot: Boot) -> None:
    call(host, A, "staged")
    assert code(host, B, "staged", selection=OTHER_SET, supersede_staged=True) == "owned_by_another"
    assert code(host, B, "committed") == "owned_by_another"
    assert code(host, A, "applied") == "applied"


def test_the_refusal_says_who_since_when_until_when_and_the_way_on(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "now", lambda: "2026-11-30T22:00:00Z")
    call(host, A, "applied")
    boot.pass_time(600)
    monkeypatch.setattr(time, "time", lambda: 1796079600.0)
    with pytest.raises(DriverError) as refused:
        ownership.admit_reboot(host.state, Claim(Owner("prod", B, "ops@b"), 7200, False), None, 1)
    transaction = host.state.ids()[0]
    assert refused.value.code == "owned_by_another"
    assert refused.value.message == (
        f"Transaction {transaction} is applied and not proven yet. It belongs to run run-a on ops@run-a "
        "(inventory prod) since 2026-11-30T22:00:00Z, until 2026-12-01T00:50:00Z (1 h 50 min) unless that "
        "run calls again. Nothing was changed by this call."
    )
    assert "patchops_take_over=HOST" in refused.value.remedy


def test_the_same_patch_started_again_goes_on_and_owns_it(host: FakeHost, boot: Boot) -> None:
    staged = call(host, A, "staged")["transaction"]["id"]
    assert call(host, B, "staged")["transaction"]["id"] == staged
    assert owner(host, boot) == B
    assert code(host, A, "applied", selection=None, id=staged) == "owned_by_another"
    assert code(host, B, "applied", selection=None, id=staged) == "applied"


def test_a_relaunch_behind_the_change_owns_what_it_has_to_prove(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    assert code(host, B, "staged") == "nothing_to_do"
    assert owner(host, boot) == B
    assert code(host, B, "reverted") == "taken_back"


def test_a_rollback_that_was_cut_off_is_ended_by_another_run_without_force(
    host: FakeHost, boot: Boot
) -> None:
    call(host, A, "applied")
    call(host, A, "reverted")
    assert code(host, B, "reverted") == "taken_back"
    assert code(host, B, "committed") == "owned_by_another"


def test_a_person_takes_a_named_host_over(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    assert code(host, B, "reverted", take_over=True) == "taken_back"
    assert owner(host, boot) == B
    assert code(host, A, "committed") == "owned_by_another"


def test_a_call_without_a_run_owns_nothing_and_passes_nobody(host: FakeHost, boot: Boot) -> None:
    host.call("applied")
    assert owner(host, boot) is None
    call(host, A, "applied")
    assert owner(host, boot) == A
    assert host.code("committed") == "owned_by_another"


def test_an_owner_that_does_not_call_again_counts_no_longer(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied", seconds=7200)
    boot.pass_time(7199)
    assert code(host, B, "committed") == "owned_by_another"
    boot.pass_time(1)
    assert code(host, B, "committed") == "committed"


def test_a_batch_that_is_slower_than_an_hour_keeps_its_owner_by_its_calls(host: FakeHost, boot: Boot) -> None:
    staged = call(host, A, "staged", seconds=9000)["transaction"]["id"]
    claim = Claim(Owner("prod", A, f"ops@{A}"), 9000, False)
    for _call in range(6):
        boot.pass_time(5400)
        ownership.renew(host.state, claim)
        assert code(host, B, "committed") == "owned_by_another"
    assert code(host, A, "applied", selection=None, id=staged) == "applied"


def test_the_clock_on_the_wall_ends_no_ownership(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    monkeypatch.setattr(times, "now", lambda: "2031-01-01T00:00:00Z")
    assert code(host, B, "committed") == "owned_by_another"


def test_a_host_that_was_down_counts_anew(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied", seconds=7200)
    boot.pass_time(7000)
    boot.reboot()
    boot.pass_time(7199)
    assert code(host, B, "reverted") == "owned_by_another"
    boot.pass_time(1)
    assert code(host, B, "reverted") == "taken_back"


def test_a_container_that_was_restarted_on_a_host_that_was_not_counts_anew(
    host: FakeHost, boot: Boot
) -> None:
    boot.pass_time(5_000_000)
    call(host, A, "applied", seconds=7200)
    boot.clock = Clock(boot.clock.boot, 7201.0)
    assert code(host, B, "reverted") == "taken_back"


def test_calls_every_minute_do_not_fill_the_journal(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    before = len(host.journals()[0].entries())
    for _minute in range(60):
        boot.pass_time(60)
        ownership.renew(host.state, Claim(Owner("prod", A, f"ops@{A}"), 7200, False))
    assert len(host.journals()[0].entries()) - before <= 10


def verify(host: FakeHost, monkeypatch: pytest.MonkeyPatch, run: str, **options: Any) -> dict[str, Any]:
    """Verify the newest transaction for a run, on a host that is as it should be."""
    monkeypatch.setattr(flow, "wait_until_started", lambda units, deadline: [])
    monkeypatch.setattr(flow, "collect", lambda subsets, driver, refresh: {})
    monkeypatch.setattr(flow, "wrong_packages", lambda packages, found: [])
    claim = Claim(Owner("prod", run, f"ops@{run}"), 7200, options.get("take_over", False))
    caller = flow.Caller(claim, options.get("fence"))
    driver: Any = host.driver
    result, _document = flow.verify(driver, [], [], host.state.ids()[-1], 1, True, host.state, caller)
    return result


def is_proven(host: FakeHost) -> bool:
    return Path(host.state.transaction(host.state.ids()[-1]).proof).exists()


def test_what_its_owner_has_proven_belongs_to_nobody(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    verify(host, monkeypatch, A)
    assert owner(host, boot) is None
    assert code(host, B, "committed") == "committed"


def test_another_run_looks_at_an_owned_change_and_does_not_prove_it(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    message = verify(host, monkeypatch, B)["outcome"]["message"]
    assert f"is not proven by that. It belongs to run {A} on ops@{A}" in message
    assert (is_proven(host), owner(host, boot)) == (False, A)
    assert code(host, B, "committed") == "owned_by_another"
    assert code(host, A, "reverted") == "taken_back"


def test_a_run_that_has_lost_its_change_to_another_leaves_the_proof_to_that(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    call(host, B, "staged")
    verify(host, monkeypatch, A)
    assert owner(host, boot) == B
    verify(host, monkeypatch, B)
    assert owner(host, boot) is None


def test_whoever_takes_a_host_over_proves_its_change(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    verify(host, monkeypatch, B, take_over=True)
    assert (is_proven(host), owner(host, boot)) == (True, None)


def test_a_change_whose_owner_is_gone_is_proven_by_whoever_looks(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied", seconds=7200)
    boot.pass_time(7200)
    verify(host, monkeypatch, B)
    assert is_proven(host)


def test_a_proof_ends_a_hold_that_a_journal_still_tells_of(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    Path(host.state.transaction(host.state.ids()[0]).proof).touch()
    assert code(host, B, "committed") == "committed"


def test_a_proof_of_the_change_is_none_of_its_taking_back(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied")
    verify(host, monkeypatch, A)
    call(host, B, "reverted")
    assert code(host, A, "committed") == "owned_by_another"
    verify(host, monkeypatch, B)
    assert code(host, A, "committed") == "committed"


@pytest.mark.parametrize("state", ["staged", "applied"])
def test_only_what_was_changed_is_proven(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    call(host, A, state)
    verify(host, monkeypatch, A)
    assert is_proven(host) is (state == "applied")
    assert owner(host, boot) == (None if state == "applied" else A)


def test_a_run_that_ends_lets_go_of_its_own_alone(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    assert code(host, B, "disowned") == "nothing_to_do"
    assert code(host, A, "disowned") == "done"
    assert code(host, B, "reverted") == "taken_back"


def test_what_changed_nothing_belongs_to_nobody(host: FakeHost, boot: Boot) -> None:
    host.driver.served_old = False
    assert code(host, A, "staged") == "no_way_back"
    assert owner(host, boot) is None


def test_a_reboot_of_another_run_is_refused_and_that_of_the_owner_renews(host: FakeHost, boot: Boot) -> None:
    call(host, A, "applied")
    ours = Claim(Owner("prod", A, f"ops@{A}"), 7200, False)
    theirs = Claim(Owner("prod", B, f"ops@{B}"), 7200, False)
    boot.pass_time(7000)
    ownership.admit_reboot(host.state, ours, None, 1)
    boot.pass_time(7000)
    with pytest.raises(DriverError):
        ownership.admit_reboot(host.state, theirs, None, 1)
    ownership.admit_reboot(host.state, theirs._replace(take_over=True), None, 1)
    assert owner(host, boot) == B


@pytest.mark.parametrize("state", ["staged", "applied", "confirmed", "reverted", "committed", "disowned"])
def test_a_stale_fencing_token_changes_nothing(host: FakeHost, boot: Boot, state: str) -> None:
    call(host, A, "applied", fence=7)
    before = [one.entries() for one in host.journals()]
    assert code(host, A, state, fence=6) == "stale_fence"
    assert [one.entries() for one in host.journals()] == before


def test_a_stale_fencing_token_neither_reboots_nor_verifies(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied", fence=7)
    claim = Claim(Owner("prod", A, f"ops@{A}"), 7200, False)
    with pytest.raises(DriverError, match="fencing token 6; the host has seen 7"):
        ownership.admit_reboot(host.state, claim, 6, 1)
    with pytest.raises(DriverError, match="fencing token 6; the host has seen 7"):
        verify(host, monkeypatch, A, fence=6)
    assert not is_proven(host)


def test_a_newer_token_is_noted_by_whatever_call_brings_it(
    host: FakeHost, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(host, A, "applied", fence=7)
    ownership.admit_reboot(host.state, Claim(Owner("prod", A, f"ops@{A}"), 7200, False), 8, 1)
    assert code(host, A, "confirmed", fence=7) == "stale_fence"
    verify(host, monkeypatch, A, fence=9)
    assert code(host, A, "committed", fence=8) == "stale_fence"
    assert code(host, A, "committed", fence=9) == "committed"


@pytest.mark.parametrize("seconds", [-1, 59, 30 * 86400 + 1])
def test_an_owner_counts_neither_for_ever_nor_for_no_time(seconds: int) -> None:
    with pytest.raises(DriverError, match=r"claim\.seconds"):
        ownership.read_claim({"seconds": seconds}, A)


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 5000)), min_size=1, max_size=8))
def test_the_newest_owner_counts_for_its_seconds_and_no_longer(calls: list[tuple[str, int]]) -> None:
    entries, uptime = [], 0
    for run, wait in calls:
        uptime += wait
        entries.append(
            {
                "event": "owned",
                "at": "t",
                "boot": "b",
                "run_id": run,
                "inventory": "i",
                "controller": "c",
                "seconds": 100,
                "uptime": uptime,
            }
        )
    hold = holder(entries, Clock("b", uptime + 99))
    assert hold is not None
    assert hold.owner.run_id == calls[-1][0]
    assert holder(entries, Clock("b", uptime + 100)) is None
