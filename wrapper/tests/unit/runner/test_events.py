# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of ansible-runner are read with caution: they carry what hosts say."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patchops.runner.events import Complaint, TaskResult, TaskStarted, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KINDS = st.sampled_from(
    ["runner_on_ok", "runner_on_failed", "runner_on_unreachable", "runner_on_start", "error"]
)


def ok(action: str, result: dict[str, Any], event: str = "runner_on_ok") -> dict[str, Any]:
    return {"event": event, "event_data": {"host": "web1", "task_action": action, "res": result}}


def test_a_result_of_ours_is_told_by_its_outcome() -> None:
    outcome = {"class": "refused", "code": "no_space", "message": "full", "remedy": "free some"}
    event = parse(
        ok("patchops.fleet.transaction", {"outcome": outcome, "transaction": {"id": "t", "state": "staged"}})
    )

    assert isinstance(event, TaskResult)
    assert (event.action, event.ours) == ("transaction", True)
    assert (event.outcome_class, event.code, event.message, event.remedy) == tuple(outcome.values())
    assert (event.transaction_id, event.transaction_state) == ("t", "staged")


def test_a_task_of_others_that_went_well_is_no_event() -> None:
    assert parse(ok("ansible.builtin.set_fact", {})) is None


def test_a_task_of_others_that_failed_is_told_with_ansibles_words() -> None:
    event = parse(ok("ansible.builtin.command", {"msg": "no"}, "runner_on_failed"))

    assert isinstance(event, TaskResult)
    assert (event.ours, event.outcome_class, event.message) == (False, "failed", "no")


def test_a_failure_that_is_ignored_is_no_event() -> None:
    raw = ok("ansible.builtin.command", {"msg": "no"}, "runner_on_failed")
    raw["event_data"]["ignore_errors"] = True

    assert parse(raw) is None


def test_the_failure_that_tells_the_end_of_a_run_is_no_news_of_a_host() -> None:
    raw = ok("ansible.builtin.fail", {"msg": "patch stopped"}, "runner_on_failed")
    raw["event_data"]["role"] = "patchops_report"

    assert parse(raw) is None


def test_the_start_of_a_task_of_ours_is_told() -> None:
    assert parse(ok("patchops.fleet.reboot", {}, "runner_on_start")) == TaskStarted("web1", "reboot")


def test_ansibles_own_errors_are_complaints() -> None:
    assert parse({"event": "error", "stdout": "[ERROR]: bad"}) == Complaint("error", "[ERROR]: bad")


@given(KINDS, st.dictionaries(st.sampled_from(["host", "task_action", "res", "ignore_errors"]), JSON), JSON)
def test_no_event_raises(kind: str, data: dict[str, object], stdout: object) -> None:
    parse({"event": kind, "event_data": data, "stdout": stdout})


@given(st.dictionaries(st.sampled_from(["outcome", "transaction", "summary", "document", "msg"]), JSON))
def test_no_result_of_ours_raises(result: dict[str, Any]) -> None:
    parse(ok("patchops.fleet.host_info", result))
