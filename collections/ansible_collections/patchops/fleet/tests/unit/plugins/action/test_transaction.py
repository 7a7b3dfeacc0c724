# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a transaction against a host that answers from a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.action import transaction
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import Answer
from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import controller as controller_name
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import seal

Control = Callable[..., Any]

MEMBER = {
    "name": "bash",
    "arch": "amd64",
    "version": "2",
    "sha256": "a" * 64,
    "size": 1,
    "origin": "Debian",
    "suite": "stable",
    "action": "upgrade",
    "security": True,
    "proven_on": ["web1"],
}
SEALED = seal({"debian-12-amd64": {"packages": [MEMBER], "removals": []}}, "2026-11-22T10:00:00Z")


def at(state: str, code: str, **more: Any) -> Answer:
    """An answer of the host about its transaction t1."""
    known = {"id": "t1", "state": state, "journal": "/var/lib/patchops/transactions/t1/journal.jsonl"}
    return Answer(make_result(code, f"it is {state}", "", transaction=known, **more))


# What every call tells of the run that makes it.
RUN = {
    "run_id": "r1",
    "claim": {"inventory": "", "controller": controller_name(), "seconds": 7200, "take_over": False},
}
STARTED = at("applying", "started", changed=True, live=True, plan={"packages": [{"name": "bash"}]})
RUNNING = at("applying", "started", live=True)
APPLIED = at("applied", "applied", live=False)
DEAD = at("applying", "outcome_unknown", live=False, interrupted=True)
AWAY = Answer(make_result("connection_timeout", "web1: connection timeout"))


class Clock:
    """Time that passes with pauses, and with questions where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(transaction, "time", made)
    return made


def test_without_waiting_the_start_is_the_answer(control: Control) -> None:
    controller = control(transaction, STARTED)
    result = controller.run(state="applied", select="all", wait=False)
    assert result["outcome"]["code"] == "started"
    assert [module for module, _arguments in controller.asked] == ["transaction"]


def test_the_first_call_waits_on_the_host_for_a_moment(control: Control) -> None:
    controller = control(transaction, APPLIED)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "applied"
    assert controller.asked == [
        ("transaction", {"state": "applied", "select": "all", "wait": True, "timeout": 60, **RUN})
    ]


def test_no_call_waits_longer_than_it_is_told(control: Control) -> None:
    controller = control(transaction, APPLIED)
    controller.run(state="applied", select="all", timeout="5")
    assert controller.asked[0][1]["timeout"] == 5


def test_every_question_renews_what_the_run_owns(control: Control) -> None:
    controller = control(transaction, STARTED, RUNNING, APPLIED)
    controller.run(state="applied", select="all")
    assert all(arguments["claim"] == RUN["claim"] for _module, arguments in controller.asked)


def test_a_running_transaction_is_attended_to_its_end(control: Control) -> None:
    controller = control(transaction, STARTED, RUNNING, RUNNING, APPLIED)
    result = controller.run(state="applied", select="all")
    assert (result["outcome"]["code"], result["changed"]) == ("applied", True)
    assert result["plan"] == {"packages": [{"name": "bash"}]}
    assert [module for module, _arguments in controller.asked][1:] == ["transaction_info"] * 3


def test_a_dead_worker_is_replaced(control: Control) -> None:
    controller = control(transaction, STARTED, DEAD, RUNNING, APPLIED)
    result = controller.run(state="applied", select="all", refresh=True)
    assert result["outcome"]["code"] == "applied"
    # By its id: what was selected is frozen.
    assert controller.asked[2] == (
        "transaction",
        {"state": "applied", "id": "t1", "wait": True, "timeout": 60, **RUN},
    )


def test_a_worker_that_dies_while_the_first_call_waits_is_replaced(control: Control) -> None:
    controller = control(transaction, DEAD, APPLIED)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "applied"
    assert controller.asked[1][1]["id"] == "t1"


def test_a_worker_that_dies_again_and_again_is_reported(control: Control) -> None:
    dying = [answer for _number in range(3) for answer in (DEAD, RUNNING)]
    controller = control(transaction, STARTED, *dying, DEAD)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "outcome_unknown"


def test_attaching_to_another_calls_staging_goes_on_to_applied(control: Control) -> None:
    staged = at("staged", "staged", live=False)
    controller = control(transaction, STARTED, staged, RUNNING, APPLIED)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "applied"


def test_a_host_that_stays_away_is_unknown_and_named(control: Control) -> None:
    controller = control(transaction, STARTED, AWAY)
    result = controller.run(state="applied", select="all")
    assert (result["outcome"]["class"], result["changed"]) == ("unknown", True)
    assert "web1 can't be asked any more" in result["outcome"]["message"]
    assert "transaction t1 was applying when it was last seen" in result["outcome"]["message"]
    assert "/var/lib/patchops/transactions/t1/journal.jsonl" in result["outcome"]["remedy"]


def test_a_transaction_that_takes_too_long_goes_on_by_itself(
    monkeypatch: pytest.MonkeyPatch, control: Control, clock: Clock
) -> None:
    controller = control(transaction, STARTED, RUNNING, RUNNING, RUNNING)
    answer = controller._answer
    monkeypatch.setattr(
        transaction, "call_until", lambda *asked, **more: (clock.sleep(25), answer(*asked))[1]
    )
    result = controller.run(state="applied", select="all", timeout=60)
    assert result["outcome"]["code"] == "still_running"
    assert "60 seconds are over" in result["outcome"]["message"]


def test_a_host_that_says_at_once_that_it_goes_on_is_asked_more_and_more_seldom(
    control: Control, clock: Clock
) -> None:
    controller = control(transaction, STARTED, *[RUNNING] * 1000)
    result = controller.run(state="applied", select="all", timeout=3600)
    assert result["outcome"]["code"] == "still_running"
    assert len(controller.asked) < 80
    assert sum(clock.pauses) == 3600


def test_the_last_question_of_a_worker_that_ends_is_soon(control: Control, clock: Clock) -> None:
    controller = control(transaction, STARTED, RUNNING, APPLIED)
    controller.run(state="applied", select="all")
    assert clock.pauses == [1.0]


def pending(within: int) -> Answer:
    """The answer of a host that waits for its confirmation."""
    return at("applied", "applied", live=False, confirm={"state": "pending", "within": within})


@pytest.mark.parametrize(
    ("told", "asked", "waited"),
    [
        (86400, {"confirm_within": 60}, 60 + 900),
        (60, {"confirm_within": 300}, 60 + 900),
        (86400, {}, 900 + 900),
        (86400, {"confirm_within": 0}, 900 + 900),
    ],
)
def test_a_host_is_not_waited_for_longer_than_this_call_asked_for(
    monkeypatch: pytest.MonkeyPatch, control: Control, told: int, asked: dict[str, int], waited: int
) -> None:
    controller = control(transaction, pending(told))
    deadlines: list[float] = []

    def away(*given: Any, deadline: float, **more: Any) -> Answer:
        deadlines.append(deadline)
        return AWAY

    monkeypatch.setattr(transaction, "call_until", away)
    result = controller.run(state="applied", select="all", **asked)
    assert result["outcome"]["code"] == "outcome_unknown"
    assert deadlines == [waited]
    assert f"within {waited - 900} seconds" in result["outcome"]["remedy"]


def test_a_connection_lost_at_the_start_is_asked_again(control: Control) -> None:
    lost = Answer(make_result("connection_lost", "web1: connection lost"))
    controller = control(transaction, lost, STARTED, APPLIED)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "applied"
    assert controller.asked[0] == controller.asked[1]


def test_a_host_that_was_never_reached_is_not_tried_again(control: Control) -> None:
    controller = control(transaction, AWAY)
    assert controller.run(state="applied", select="all")["outcome"]["class"] == "unreachable"


def test_a_refusal_changes_nothing(control: Control) -> None:
    refused = at("failed", "no_way_back", live=False)
    controller = control(transaction, STARTED, refused)
    result = controller.run(state="applied", select="all")
    assert (result["failed"], result["changed"]) == (True, False)


def test_only_the_hosts_part_of_a_patch_set_is_sent(control: Control) -> None:
    asked = Answer(make_result("nothing_to_do", "", platform="debian-12-amd64"))
    controller = control(transaction, asked, STARTED, APPLIED)
    controller.run(state="applied", patch_set=SEALED)
    sent = controller.asked[1][1]["patch_set"]
    assert sent == {"id": SEALED["id"], "packages": [MEMBER], "removals": []}


def test_a_host_whose_platform_is_known_is_not_asked_for_it(control: Control) -> None:
    controller = control(transaction, APPLIED)
    controller.run(state="applied", patch_set=SEALED, platform="debian-12-amd64")
    assert [module for module, _arguments in controller.asked] == ["transaction"]
    assert controller.asked[0][1]["patch_set"]["packages"] == [MEMBER]


def test_a_set_without_the_hosts_platform_is_refused(control: Control) -> None:
    asked = Answer(make_result("nothing_to_do", "", platform="debian-13-amd64"))
    result = control(transaction, asked).run(state="applied", patch_set=SEALED)
    assert result["outcome"]["code"] == "platform_missing"
    assert "web1 is debian-13-amd64" in result["outcome"]["message"]


def test_an_altered_set_never_reaches_the_host(control: Control) -> None:
    controller = control(transaction)
    result = controller.run(state="applied", patch_set={**SEALED, "id": "0" * 64})
    assert result["outcome"]["code"] == "patch_set_tampered"
    assert controller.asked == []


def test_a_set_that_can_not_be_read_is_refused(control: Control) -> None:
    result = control(transaction).run(state="applied", patch_set="/nowhere/set.json")
    assert result["outcome"]["code"] == "document_invalid"


def test_a_host_that_went_away_while_it_was_asked_to_begin_may_have_begun(
    control: Control,
) -> None:
    away = Answer(make_result("unreachable", "web1: unreachable (no route to host); nothing was changed."))
    controller = control(transaction, Answer(make_result("connection_lost", "web1: gone")), away)
    outcome = controller.run(state="applied", select="all")["outcome"]
    assert outcome["code"] == "outcome_unknown"
    assert "web1: unreachable (no route to host)" in outcome["message"]
    assert "nothing was changed" not in outcome["message"]


WAITING = {"needed": True, "by": ["sudo"], "within": 60, "state": "pending"}
PENDING = at("applied", "applied", live=False, confirm=WAITING)
CONFIRMED = at("applied", "confirmed", live=False, confirm={**WAITING, "state": "confirmed"})
BACK = at("reverted", "not_confirmed", live=False, confirm={**WAITING, "state": "unconfirmed"})


@pytest.mark.parametrize("answers", [(STARTED, PENDING, CONFIRMED), (PENDING, CONFIRMED)])
def test_what_a_login_goes_through_is_confirmed_by_its_id(
    control: Control, answers: tuple[Answer, ...]
) -> None:
    controller = control(transaction, *answers)
    result = controller.run(state="applied", select="all")
    assert (result["outcome"]["code"], result["confirm"]["state"]) == ("applied", "confirmed")
    assert controller.asked[-1] == ("transaction", {"id": "t1", "state": "confirmed", **RUN})


def test_who_does_not_wait_does_not_confirm(control: Control) -> None:
    controller = control(transaction, PENDING)
    controller.run(state="applied", select="all", wait=False)
    assert len(controller.asked) == 1


def test_a_host_that_could_not_be_confirmed_in_time_tells_that_it_went_back(
    control: Control,
) -> None:
    reverting = at("reverting", "started", live=True)
    result = control(transaction, STARTED, PENDING, reverting, BACK).run(state="applied", select="all")
    assert (result["failed"], result["outcome"]["code"]) == (True, "not_confirmed")
    assert result["transaction"]["state"] == "reverted"


def test_a_host_that_never_lets_anybody_in_again_is_unknown(control: Control) -> None:
    result = control(transaction, STARTED, PENDING, AWAY).run(state="applied", select="all")
    assert (result["outcome"]["code"], result["changed"]) == ("outcome_unknown", True)
    assert "goes back by itself" in result["outcome"]["remedy"]


def test_what_an_earlier_run_could_not_confirm_is_confirmed_first(control: Control) -> None:
    refused = at("applied", "confirmation_pending", live=False)
    controller = control(transaction, refused, CONFIRMED, STARTED, APPLIED)
    assert controller.run(state="applied", select="all")["outcome"]["code"] == "applied"
    assert controller.asked[1] == ("transaction", {"state": "confirmed", **RUN})


@pytest.mark.parametrize("state", ["confirmed", "committed"])
def test_who_says_that_one_can_log_in_has_just_logged_in(
    monkeypatch: pytest.MonkeyPatch, control: Control, state: str
) -> None:
    closed: list[Any] = []
    monkeypatch.setattr(transaction, "reset_connection", closed.append)
    control(transaction, CONFIRMED).run(state=state)
    assert len(closed) == 1
