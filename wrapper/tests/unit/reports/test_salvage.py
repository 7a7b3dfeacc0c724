# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was cut off gets a report of what was seen; nothing is called fine that was not seen to be."""

from __future__ import annotations

from typing import Any

import pytest

from patchops.reports.salvage import salvaged_report
from patchops.runner.progress import HostProgress

RUN = {"run_id": "r1", "playbook": "patch", "started_at": "2026-11-22T10:00:00Z"}


def salvaged(host: HostProgress, changes_hosts: bool = True) -> dict[str, Any]:
    return salvaged_report(RUN, [host], "2026-11-22T10:05:00Z", check_mode=False, changes_hosts=changes_hosts)


def only_class(report: dict[str, Any]) -> str:
    return str(report["hosts"][0]["outcome"]["class"])


@pytest.mark.parametrize("step", ["waiting", "asked", "scanned", "staged"])
def test_a_host_that_was_not_changed_is_not_started(step: str) -> None:
    assert only_class(salvaged(HostProgress("a", step=step, outcome_class="ok"))) == "not_started"


@pytest.mark.parametrize("step", ["applied", "applying", "reboot"])
def test_a_host_in_the_middle_is_unknown(step: str) -> None:
    assert only_class(salvaged(HostProgress("a", step=step, outcome_class="ok"))) == "unknown"


def test_a_host_whose_transaction_had_just_begun_is_unknown_and_touched() -> None:
    report = salvaged(HostProgress("a", step="staged", outcome_class="ok", changing=True))

    assert only_class(report) == "unknown"
    assert report["hosts"][0]["touched"] is True


def test_a_verified_host_is_done() -> None:
    assert only_class(salvaged(HostProgress("a", step="verified", outcome_class="ok"))) == "ok"


def test_a_failure_that_was_seen_is_told() -> None:
    host = HostProgress(
        "a", step="failed", outcome_class="failed", code="install_failed", message="dpkg failed"
    )

    assert salvaged(host)["hosts"][0]["outcome"]["message"] == "dpkg failed"


def test_a_scanned_host_without_a_result_is_not_called_clean() -> None:
    assert only_class(salvaged(HostProgress("a", step="scanned", outcome_class="ok"), False)) == "unknown"


def test_the_result_of_such_a_run_is_unknown() -> None:
    assert salvaged(HostProgress("a", step="verified", outcome_class="ok"))["result"] == "unknown"
