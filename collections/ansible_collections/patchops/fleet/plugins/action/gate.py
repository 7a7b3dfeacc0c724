# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide at the start of a batch whether it may start: window, freeze, failure budget."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.budget import Budget
from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import (
    judge,
    parse_freezes,
    parse_windows,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import host_outcome, way_back
from ansible_collections.patchops.fleet.plugins.plugin_utils.one_machine import refusal, same_machines
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import host_results
from ansible_collections.patchops.fleet.plugins.plugin_utils.run_report import without_way_back

_MOST_NAMED = 10


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once for the batch; connects to no host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec({"plan": {"type": "dict", "required": True}})
        plan = arguments["plan"]
        results = {host: host_results(task_vars, host) for host in plan["targets"]}
        outcomes = {
            host: host_outcome(steps, host in plan["intermittent"]) for host, steps in results.items()
        }
        lost = [host for host, outcome in outcomes.items() if outcome["lost"]]
        halted = [
            host
            for host, outcome in outcomes.items()
            if outcome["touched"] and outcome["code"] == "forward_only_failed"
        ]
        budget = Budget(plan["budget_max"], len(plan["targets"]), len(lost))
        is_open, reason = self._judge(plan, budget, lost, halted)
        if _stop_requested(plan["drain_file"]):
            is_open, reason = False, "a stop was requested"
        batch = plan["batches"][task_vars["ansible_play_batch"][0]]
        doubles = same_machines(results)
        details = {
            "open": is_open,
            "reason": reason,
            "budget": budget.as_dict(),
            "batch": batch,
            "at": now(),
            "same_machine": doubles,
        }
        told = without_way_back({host: way_back(steps) for host, steps in results.items()})
        warnings = [told] if told else []
        warnings += [_refused(host, others) for host, others in list(doubles.items())[:_MOST_NAMED]]
        if warnings and batch == 1:  # before anything is changed; as warnings, which are always shown
            details["warnings"] = warnings
        if is_open:
            return make_result("gate_open", f"batch {batch} may start: {reason}", **details)
        return make_result(
            "gate_closed",
            f"batch {batch} does not start: {reason}",
            "The hosts of this batch and of later ones are untouched; run it again when the reason is gone.",
            **details,
        )

    @staticmethod
    def _judge(
        plan: Mapping[str, Any], budget: Budget, lost: list[str], halted: list[str]
    ) -> tuple[bool, str]:
        if halted:
            return False, f"an update that can't be taken back failed on {_named(halted)}; look at it first"
        if budget.exceeded:
            return (
                False,
                f"{budget.lost} of {budget.membership} hosts are lost ({_named(lost)}), "
                f"{budget.maximum} may be",
            )
        verdict = judge(
            parse_windows(plan["window"]), parse_freezes(plan["freeze"]), datetime.now(timezone.utc)
        )
        return verdict.open, verdict.reason


def _refused(host: str, others: list[str]) -> str:
    outcome = refusal(host, others)
    return f"Refused: {outcome['message']} {outcome['remedy']}"


def _named(hosts: list[str]) -> str:
    return ", ".join(hosts[:5]) + (", ..." if len(hosts) > 5 else "")


def _stop_requested(drain_file: str | None) -> bool:
    # Who started the run creates this file to have it end between two batches.
    return bool(drain_file) and os.path.exists(str(drain_file))
