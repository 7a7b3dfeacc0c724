# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exit codes: 130 interrupted, 5 unknown, 3 stopped, 4 failed, 0 done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patchops.errors import ExitCode
from patchops.runs.conditions import Condition, missing
from patchops.runs.outcome import Verdict, judge

from ..reports import samples

GATE = {"at": "", "batch": 2, "open": False, "reason": "the budget is spent"}
FAILED = samples.host("web1", outcome=samples.outcome("failed", "install_failed"))
UNKNOWN = samples.host("web2", outcome=samples.outcome("unknown", "outcome_unknown"))


def verdict(
    *hosts: dict[str, Any],
    salvaged: bool = False,
    interrupted: bool = False,
    conditions: Sequence[Condition] = (),
    **different: Any,
) -> Verdict:
    report = samples.report(*hosts, **different)
    return judge(
        report,
        salvaged=salvaged,
        interrupted=interrupted,
        why_salvaged="it was cut off",
        conditions=conditions,
    )


def test_everything_done_is_0() -> None:
    assert verdict(samples.host("web1")) == Verdict("done", ExitCode.DONE, "")


def test_a_failed_host_is_4_and_named() -> None:
    assert verdict(FAILED, result="failed") == Verdict(
        "failed", ExitCode.HOSTS_FAILED, "Not as it should be: web1."
    )


def test_an_unknown_host_is_5_also_beside_a_failed_one() -> None:
    assert verdict(FAILED, UNKNOWN, result="failed").exit_code is ExitCode.UNKNOWN


def test_a_closed_gate_is_3_with_its_reason() -> None:
    stopped = verdict(FAILED, samples.not_started("web2"), result="stopped", gates=[GATE])

    assert stopped == Verdict("stopped", ExitCode.STOPPED, "the budget is spent")


def test_a_missing_report_is_5_with_what_is_known() -> None:
    assert verdict(salvaged=True) == Verdict("unknown", ExitCode.UNKNOWN, "it was cut off")


def test_an_interrupted_run_is_130() -> None:
    left_out = verdict(
        samples.host("a"), samples.not_started("b"), interrupted=True, result="stopped", gates=[GATE]
    )

    assert left_out.exit_code is ExitCode.INTERRUPTED


def test_a_request_to_stop_that_came_too_late_changes_nothing() -> None:
    assert verdict(samples.host("web1"), interrupted=True).exit_code is ExitCode.DONE


def test_pending_updates_are_0_unless_asked_for() -> None:
    pending = samples.host("web1", touched=False, verification=None, pending={"total": 3, "security": 0})

    assert verdict(pending, playbook="scan").exit_code is ExitCode.DONE
    lacking = verdict(pending, playbook="scan", conditions=[missing])
    assert (lacking.exit_code, lacking.reason) == (ExitCode.HOSTS_FAILED, "Updates are pending on web1.")


def test_a_host_that_was_taken_back_as_asked_is_done() -> None:
    back = samples.host("web1", outcome=samples.outcome("ok", "taken_back"))

    assert verdict(back, playbook="rollback").exit_code is ExitCode.DONE


def test_a_host_that_was_taken_back_because_it_failed_is_4() -> None:
    back = samples.host("web1", outcome=samples.outcome("reverted", "rolled_back"))

    assert verdict(back, result="failed").exit_code is ExitCode.HOSTS_FAILED


def test_what_stays_blocked_is_said() -> None:
    blocked = samples.host("web1", touched=False, changes=[], blocked=[{"name": "apt"}])

    assert verdict(blocked).reason == "Updates are blocked until cleanup on web1."


def test_what_is_not_in_effect_yet_is_said() -> None:
    late = verdict(samples.host("web1", effective="no"))

    assert late == Verdict("done", ExitCode.DONE, "Not in effect yet: web1.")
