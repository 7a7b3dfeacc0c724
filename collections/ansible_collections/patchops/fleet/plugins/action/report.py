# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run, hand on its artifact, and fail where the run failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import REFUSED, make_result
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import Result
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import keep_document, variable
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import patch_set_of_run
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import host_results, run_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.run_report import (
    build_report,
    host_entry,
    needing_somebody,
    summarize,
    without_way_back,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import report_key

# AWX keeps artifacts in its database and hands them to every later job of a workflow.
_MAX_ARTIFACT = 256 * 1024
_SEALED = "__patchops_report_sealed"
_ENDINGS = {
    "done": ("reported", ""),
    "stopped": ("run_stopped", "Look at the gate's reason; hosts that were not started are untouched."),
    "failed": ("run_failed", "The report names every host that needs somebody, with the remedy."),
    "unknown": ("run_unknown", "Run it again: the hosts are asked what became of them."),
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs once, after everything else; connects to no host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec({"plan": {"type": "dict", "required": True}})
        run, sealed = arguments["plan"], run_result(task_vars, _SEALED)
        results = {host: host_results(task_vars, host) for host in run["targets"]}
        gates = _gates(results)
        report = build_report(
            run=run,
            entries=[
                host_entry(
                    host,
                    results[host],
                    batch=run["batches"].get(host) if run["gated"] else None,
                    intermittent=host in run["intermittent"],
                    waits_for_gate=run["gated"] and not run["check_mode"],
                    gates=gates,
                    sealed_set=bool(run.get("patch_set_id")),
                )
                for host in run["targets"]
            ],
            gates=gates,
            patch_set=_reference(sealed, run.get("patch_set_id")),
            finished_at=now(),
            check_mode=run["check_mode"],
            unsealed=_why_unsealed(sealed),
        )
        report["inventory"] = run["inventory"]
        return self._publish(report, run, sealed, task_vars)

    def _publish(
        self,
        report: dict[str, Any],
        run: Mapping[str, Any],
        sealed: Mapping[str, Any],
        task_vars: Mapping[str, Any],
    ) -> dict[str, Any]:
        fails = report["result"] in run["fail_on"] or (
            "missing" in run["fail_on"] and report["totals"]["pending"] > 0
        )
        code, remedy = _ENDINGS[report["result"]] if fails else _ENDINGS["done"]
        if fails and report["result"] == "done":
            code, remedy = "updates_missing", "Patch the hosts that the report names."
        result = make_result(
            code, summarize(report), remedy, result=report["result"], totals=report["totals"]
        )
        if fails:
            result["msg"] = "\n".join([result["msg"], *needing_somebody(report)])
        told = without_way_back({entry["host"]: entry["way_back"] for entry in report["hosts"]})
        if told and report["check_mode"]:  # otherwise the gate before the first batch has said it
            result["warnings"] = [told]
        keep_document(run["store"], report_key(str(report["run_id"])), report, result)
        if run["stats"]:
            try:
                former = patch_set_of_run(variable(self, task_vars, "patchops_run"))
            except PatchSetError as error:
                former = None, None
                result.setdefault("warnings", []).append(f"{error}. It is not handed on to later jobs.")
            result["ansible_stats"] = {
                "data": {"patchops_run": _artifact(report, sealed, *former)},
                "per_host": False,
                "aggregate": False,
            }
        return result


def _gates(results: Mapping[str, Mapping[str, Result]]) -> list[dict[str, Any]]:
    """Return the gates in the order of their batches; each was registered for every host of its batch."""
    seen = {
        gates["gate"]["batch"]: {
            key: gates["gate"][key] for key in ("at", "batch", "open", "reason", "budget")
        }
        for gates in results.values()
        if "gate" in gates
    }
    return [seen[batch] for batch in sorted(seen)]


def _why_unsealed(sealed: Mapping[str, Any]) -> str:
    outcome = sealed.get("outcome") or {}
    return str(outcome["message"]) if outcome.get("class") == REFUSED else ""


def _reference(sealed: Mapping[str, Any], promoted: str | None) -> dict[str, Any] | None:
    """Return {id, path} of the patch set that the run sealed, else of the one that it installed."""
    if sealed.get("patch_set_id"):
        return {"id": sealed["patch_set_id"], "path": sealed.get("document")}
    return {"id": promoted, "path": None} if promoted else None


def _artifact(
    report: Mapping[str, Any], sealed: Mapping[str, Any], former: str | None, former_id: str | None
) -> dict[str, Any]:
    # What an earlier job of the workflow sealed is handed on by the jobs that come after it.
    encoded, of = former, former_id
    if sealed.get("patch_set_id"):
        encoded, of = sealed.get("patch_set"), sealed["patch_set_id"]
    return {
        "run_id": report["run_id"],
        "report": {"result": report["result"], "totals": report["totals"]},
        "patch_set": encoded if encoded and len(encoded) <= _MAX_ARTIFACT else None,
        "patch_set_id": of,
    }
