# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.plugin_utils import module_call
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import (
    call,
    call_until,
    reset_connection,
    variable,
    wait_for_another_boot,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers

APPLIED = honest_answers.transaction_info()
DOCUMENT = honest_answers.host_document()
GOOD = {key: value for key, value in honest_answers.host_info().items() if key != "patchops_payload"}
REFUSED_CONNECTION = AnsibleConnectionFailure("ssh: connect to host 10.0.0.1 port 22: Connection refused")
CHANGED_KEY = AnsibleConnectionFailure("REMOTE HOST IDENTIFICATION HAS CHANGED")


class Connection:
    """Stands for an ssh connection: counts its resets and remembers its options."""

    transport = "ssh"

    def __init__(self) -> None:
        self._shell = SimpleNamespace(tmpdir="/root/.ansible/tmp/x")
        self.options: dict[str, Any] = {"ssh_extra_args": "-v"}
        self.resets = 0
        self.closed = 0

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1


class Action:
    """Stands for an action plugin: its module answers as the test says, one answer a call."""

    def __init__(self, *answers: Any) -> None:
        self._connection = Connection()
        self._templar = SimpleNamespace(
            template=lambda value: str(value).upper() if value == "{{ x }}" else value
        )
        self.answers: Iterator[Any] = iter(answers)
        self.asked: list[dict[str, Any]] = []

    def _execute_module(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self._answer()

    def _remove_tmp_path(self, path: str) -> None:
        pass

    def _low_level_execute_command(self, command: str, sudoable: bool) -> dict[str, Any]:
        self.asked.append({"command": command, "sudoable": sudoable})
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return dict(answer() if callable(answer) else answer)


@pytest.fixture
def play(tmp_path: Path) -> dict[str, Any]:
    return {
        "inventory_hostname": "web1",
        "patchops_run_id": "run1",
        "patchops_document_store": {"kind": "directory", "path": str(tmp_path)},
    }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves; the pauses that were made."""
    pauses: list[float] = []
    monkeypatch.setattr(module_call.time, "monotonic", lambda: 100.0 + sum(pauses))
    monkeypatch.setattr(module_call.time, "sleep", pauses.append)
    return pauses


def test_an_operation_is_asked_for_with_its_arguments(play: dict[str, Any]) -> None:
    action = Action(GOOD)
    answer = call(action, "host_info", {"refresh": True}, play)
    assert answer.result == GOOD
    assert action.asked == [
        {
            "module_name": "patchops.fleet.host_side",
            "module_args": {"operation": "host_info", "arguments": {"refresh": True}},
            "task_vars": play,
        }
    ]


def test_the_document_is_completed_and_kept_and_does_not_ride_in_the_result(
    play: dict[str, Any], tmp_path: Path
) -> None:
    action = Action({**GOOD, "patchops_payload": encode(DOCUMENT)})
    answer = call(action, "host_info", {}, play, kind="patchops.host")
    known = (answer.document or {}).pop("known_machine")
    assert answer.document == {**DOCUMENT, "host": "web1", "run_id": "run1", "inventory": ""}
    assert (known["machine_id"], known["hostname"]) == (DOCUMENT["machine"]["machine_id"], "web1")
    assert answer.result["document"] == str(tmp_path / "hosts/web1/host.json")
    assert "patchops_payload" not in answer.result


def test_the_document_of_a_host_says_its_inventory_and_is_kept_by_it(
    play: dict[str, Any], tmp_path: Path
) -> None:
    play["ansible_inventory_sources"] = ["/srv/prod.yml"]
    action = Action({**GOOD, "patchops_payload": encode(DOCUMENT)})
    answer = call(action, "host_info", {}, play, kind="patchops.host")
    assert (answer.document or {})["inventory"] == "/srv/prod.yml"
    assert answer.result["document"] == str(tmp_path / "hosts/web1@%2Fsrv%2Fprod.yml/host.json")


def test_a_host_is_known_from_its_second_document_on_since_its_first(play: dict[str, Any]) -> None:
    lying = {
        **DOCUMENT,
        "known_machine": {"machine_id": "m", "hostname": "h", "since": "1999-01-01T00:00:00Z"},
    }
    asked = [
        call(Action({**GOOD, "patchops_payload": encode(lying)}), "host_info", {}, play, kind="patchops.host")
        for _time in range(3)
    ]
    since = [(answer.document or {})["known_machine"]["since"] for answer in asked]
    assert len(set(since)) == 1
    assert since[0] > "2026"
    assert [answer.result["host"]["known_since"] for answer in asked] == [None, since[0], since[0]]


def test_a_document_that_can_not_be_kept_is_a_warning_and_no_failure(play: dict[str, Any]) -> None:
    play["patchops_document_store"] = {"kind": "directory", "path": "/dev/null/documents"}
    action = Action({**GOOD, "patchops_payload": encode(DOCUMENT)})
    answer = call(action, "host_info", {}, play, kind="patchops.host")
    assert (answer.result["document"], answer.result["failed"]) == (None, False)
    assert answer.result["warnings"][0].startswith("/dev/null/documents/hosts/web1/host.json could not be")


@pytest.mark.parametrize("payload", ["not base64", encode({"kind": "patchops.report"}), encode([])])
def test_a_document_that_can_not_be_used_is_refused_with_the_hosts_name(
    play: dict[str, Any], payload: str
) -> None:
    answer = call(Action({**GOOD, "patchops_payload": payload}), "host_info", {}, play, kind="patchops.host")
    assert answer.code == "answer_invalid"
    assert answer.result["summary"].startswith("web1 gave an answer that can't be used: its document")
    assert answer.document is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (REFUSED_CONNECTION, "connection_refused"),
        (CHANGED_KEY, "host_key_changed"),
        (AnsibleConnectionFailure("anything else"), "unreachable"),
        (AnsibleAuthenticationFailure("Permission denied (publickey)."), "authentication_failed"),
        (AnsibleError("Incorrect sudo password"), "become_failed"),
    ],
)
def test_a_host_that_can_not_be_asked_gives_an_outcome_and_no_error(
    play: dict[str, Any], error: Exception, code: str
) -> None:
    answer = call(Action(error), "host_info", {}, play)
    assert (answer.code, answer.unreachable, answer.result["failed"]) == (code, True, True)
    assert answer.result["summary"].startswith("web1: ")
    assert answer.result["summary"].endswith("; nothing was changed.")
    assert answer.result["outcome"]["remedy"]


def test_an_unclear_error_of_ansible_leaves_the_state_unknown(play: dict[str, Any]) -> None:
    answer = call(Action(AnsibleError("something odd")), "host_info", {}, play)
    assert (answer.code, answer.result["outcome"]["class"]) == ("module_crashed", "unknown")


def test_after_a_failed_connection_ansible_has_nothing_left_to_clean_up(play: dict[str, Any]) -> None:
    action = Action(REFUSED_CONNECTION)
    call(action, "host_info", {}, play)
    assert action._connection._shell.tmpdir is None


def test_a_connection_lost_while_the_module_acts_does_not_claim_that_nothing_changed(
    play: dict[str, Any],
) -> None:
    lost = AnsibleConnectionFailure("Shared connection to 10.0.0.1 closed.")
    answer = call(Action(lost), "transaction", {}, play, acts=True)
    assert answer.result["summary"].endswith("; whether it changed something is not known yet.")


def test_a_refused_connection_changed_nothing_even_if_the_module_would_have_acted(
    play: dict[str, Any],
) -> None:
    answer = call(Action(REFUSED_CONNECTION), "transaction", {}, play, acts=True)
    assert answer.result["summary"].endswith("; nothing was changed.")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"failed": True, "module_stderr": "/bin/sh: 1: /usr/bin/python3: not found"}, "python_missing"),
        ({"failed": True, "msg": "Unsupported parameters for (x) module: bogus."}, "bad_arguments"),
        ({"failed": True, "exception": "Traceback: ZeroDivisionError"}, "module_crashed"),
        (
            {"failed": True, "exception": SimpleNamespace(event=SimpleNamespace(msg="division by zero"))},
            "module_crashed",
        ),
        ({"changed": False}, "module_crashed"),
    ],
)
def test_an_answer_without_an_outcome_gets_one(play: dict[str, Any], raw: dict[str, Any], code: str) -> None:
    assert call(Action(raw), "host_info", {}, play).code == code


def other(state: str = "applied", **changed: Any) -> str:
    """Return the payload of a transaction's document that is not as the answer says."""
    return encode({**honest_answers.transaction_document(state), **changed})


@pytest.mark.parametrize(
    ("asked", "changed", "told"),
    [
        ({"id": "t2"}, {}, "transaction.id is 't1', and 't2' was asked about"),
        ({}, {"patchops_payload": other(id="t2")}, "its document is of transaction 't2' (applied)"),
        ({}, {"patchops_payload": other("reverted")}, "its document is of transaction 't1' (reverted)"),
        (
            {},
            {"transaction": None, "outcome": make_outcome("nothing_to_do", "nothing")},
            "its document is of transaction 't1' (applied), and the answer is of none",
        ),
    ],
)
def test_an_answer_about_another_transaction_is_not_used(
    play: dict[str, Any], asked: dict[str, str], changed: dict[str, Any], told: str
) -> None:
    action = Action({**honest_answers.transaction(), **changed})
    answer = call(action, "transaction", {"state": "applied", **asked}, play, kind="patchops.transaction")
    assert answer.code == "answer_invalid"
    assert told in answer.result["outcome"]["message"]
    assert answer.document is None


def test_an_answer_and_its_document_tell_the_same_machine(play: dict[str, Any]) -> None:
    lying = {**GOOD, "host": {**GOOD["host"], "machine": ["m", "b", "db1"]}}
    action = Action({**lying, "patchops_payload": encode(DOCUMENT)})
    answer = call(action, "host_info", {}, play, kind="patchops.host")
    assert answer.code == "answer_invalid"
    assert "host.machine is not the machine of its document" in answer.result["outcome"]["message"]


def test_a_transaction_that_is_like_the_one_asked_for_has_its_own_id(play: dict[str, Any]) -> None:
    arguments = {"state": "applied", "id": "t2", "select": "all"}
    assert call(Action(honest_answers.transaction()), "transaction", arguments, play).code == "applied"


def test_what_a_crashed_module_raised_is_told(play: dict[str, Any]) -> None:
    raised = SimpleNamespace(event=SimpleNamespace(msg="division by zero"))
    answer = call(Action({"failed": True, "exception": raised}), "host_info", {}, play)
    assert "division by zero" in answer.result["summary"]


def test_a_call_that_takes_too_long_is_given_up(play: dict[str, Any]) -> None:
    started = time.monotonic()
    answer = call(Action(lambda: time.sleep(30)), "host_info", {}, play, limit=0.2)
    assert time.monotonic() - started < 10
    assert answer.code == "connection_lost"


def test_the_tasks_own_timeout_survives_a_call(play: dict[str, Any]) -> None:
    before = signal.signal(signal.SIGALRM, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 50)
    try:
        call(Action(GOOD), "host_info", {}, play, limit=1)
        assert 40 < signal.getitimer(signal.ITIMER_REAL)[0] <= 50
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_ssh_is_told_to_notice_a_cut_link(play: dict[str, Any]) -> None:
    action = Action(GOOD, GOOD)
    call(action, "host_info", {}, play)
    call(action, "host_info", {}, play)
    assert action._connection.options["ssh_extra_args"] == (
        "-v -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    )


def test_a_host_that_comes_back_is_asked_over_a_new_connection(
    play: dict[str, Any], clock: list[float]
) -> None:
    action = Action(REFUSED_CONNECTION, REFUSED_CONNECTION, GOOD)
    answer = call_until(action, "host_info", {}, play, deadline=60)
    assert answer.code == "collected"
    assert action._connection.resets == 3
    assert clock == [0.5, 1.0]


def test_an_answer_that_is_not_accepted_is_asked_for_again(play: dict[str, Any], clock: list[float]) -> None:
    action = Action({**APPLIED, "outcome": make_outcome("started", "")}, APPLIED)
    answer = call_until(
        action, "transaction_info", {}, play, deadline=60, accept=lambda one: one.code != "started"
    )
    assert answer.code == "applied"


CRASH = {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Traceback: no libssl.so.3"}


def test_a_module_that_crashes_once_is_asked_again(play: dict[str, Any], clock: list[float]) -> None:
    answer = call_until(Action(CRASH, REFUSED_CONNECTION, CRASH, GOOD), "reboot", {}, play, deadline=600)
    assert answer.code == "collected"


def test_a_module_that_does_nothing_but_crash_is_believed_in_the_end(
    play: dict[str, Any], clock: list[float]
) -> None:
    answer = call_until(Action(*[CRASH] * 99), "reboot", {}, play, deadline=600)
    assert answer.code == "module_crashed"
    assert 60 <= sum(clock) < 70


def says(boot_id: str) -> dict[str, Any]:
    return {"rc": 0, "stdout": f"{boot_id}\n", "stderr": ""}


def test_a_host_that_reboots_is_asked_for_its_boot_over_new_logins_until_it_is_another(
    clock: list[float],
) -> None:
    action = Action(says("boot1"), REFUSED_CONNECTION, says("boot2"))
    wait_for_another_boot(action, "boot1", 600)
    assert action.asked == [{"command": "cat /proc/sys/kernel/random/boot_id", "sudoable": False}] * 3
    assert action._connection.resets == 3


def test_what_a_login_shell_prints_is_no_boot(clock: list[float]) -> None:
    action = Action(says("Welcome to web1\nboot1"), says("Welcome to web1\nboot2"))
    wait_for_another_boot(action, "boot1", 600)
    assert len(action.asked) == 2


@pytest.mark.parametrize("answer", [CHANGED_KEY, {"rc": 1, "stdout": "", "stderr": "cat: not found"}])
def test_a_host_for_which_waiting_is_no_help_is_not_waited_for(clock: list[float], answer: Any) -> None:
    wait_for_another_boot(Action(answer), "boot1", 600)
    assert clock == []


def test_a_host_that_stays_away_is_asked_more_and_more_seldom_until_time_is_up(clock: list[float]) -> None:
    wait_for_another_boot(Action(*[REFUSED_CONNECTION] * 999), "boot1", 600)
    assert 590 < sum(clock) < 600
    assert (min(clock), max(clock)) == (0.5, 5.0)
    assert len(clock) < 150


def test_a_kept_connection_is_used_once_more_when_it_may_be(play: dict[str, Any], clock: list[float]) -> None:
    action = Action(GOOD)
    call_until(action, "transaction_info", {}, play, deadline=60, fresh=False)
    assert action._connection.resets == 0


def test_a_changed_host_key_ends_the_wait_at_once(play: dict[str, Any], clock: list[float]) -> None:
    answer = call_until(Action(REFUSED_CONNECTION, CHANGED_KEY), "host_info", {}, play, deadline=600)
    assert (answer.code, len(clock)) == ("host_key_changed", 1)


def test_when_time_is_up_the_last_answer_is_returned(play: dict[str, Any], clock: list[float]) -> None:
    action = Action(*[REFUSED_CONNECTION] * 10)
    answer = call_until(action, "host_info", {}, play, deadline=10)
    assert answer.code == "connection_refused"
    assert clock == [0.5, 1.0, 2.0, 4.0]


@pytest.fixture
def broken_reset() -> Callable[[], None]:
    def reset() -> None:
        raise AnsibleConnectionFailure("gone")

    return reset


def test_a_connection_that_is_gone_already_needs_no_reset(broken_reset: Callable[[], None]) -> None:
    action = Action()
    connection = type("Gone", (Connection,), {"reset": lambda self: broken_reset()})()
    action._connection = connection
    reset_connection(action)
    assert connection.closed == 1


def test_templates_in_variables_are_resolved() -> None:
    assert variable(Action(), {"name": "{{ x }}"}, "name") == "{{ X }}"
    assert variable(Action(), {}, "name", "default") == "default"
