# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where hosts stand is told from their events."""

from __future__ import annotations

from patchops.runner.events import TaskResult, TaskStarted
from patchops.runner.progress import Progress


def result(host: str, action: str, outcome: str = "ok", state: str | None = None) -> TaskResult:
    return TaskResult(
        host=host,
        action=action,
        ours=True,
        outcome_class=outcome,
        code="",
        message="",
        remedy="",
        summary="said",
        transaction_id="t1" if state else None,
        transaction_state=state,
        document=None,
        result={},
    )


def test_a_host_goes_from_step_to_step() -> None:
    progress = Progress.of(["a"])
    steps = [
        progress.ended(result("a", "host_info")),
        progress.ended(result("a", "transaction", state="staged")),
        progress.ended(result("a", "transaction", state="applied")),
        progress.ended(result("a", "verify")),
    ]

    assert [host.step for host in steps if host] == ["scanned", "staged", "applied", "verified"]
    assert progress.fraction == 1.0


def test_the_same_news_twice_is_no_news() -> None:
    progress = Progress.of(["a"])
    progress.ended(result("a", "host_info"))

    assert progress.ended(result("a", "host_info")) is None


def test_a_failed_host_is_through() -> None:
    progress = Progress.of(["a", "b"])
    progress.ended(result("a", "transaction", "failed", "failed"))

    assert progress.fraction == 0.5


def test_localhost_is_no_host_of_the_run() -> None:
    assert Progress.of(["a"]).ended(result("localhost", "host_info")) is None


def test_what_runs_on_the_controller_does_not_move_a_host() -> None:
    progress = Progress.of(["a"])

    assert progress.ended(result("a", "run_plan")) is None
    assert progress.hosts["a"].step == "waiting"


def test_a_running_transaction_is_what_an_end_would_interrupt() -> None:
    progress = Progress.of(["a", "b", "c"])
    progress.started(TaskStarted("a", "transaction"))
    progress.ended(result("b", "transaction", state="applying"))
    progress.ended(result("c", "transaction", state="applied"))

    assert progress.interrupted_by_an_end() == ["a", "b"]


def test_a_transaction_that_ended_is_not() -> None:
    progress = Progress.of(["a"])
    progress.started(TaskStarted("a", "transaction"))
    progress.ended(result("a", "transaction", state="applied"))

    assert progress.interrupted_by_an_end() == []
