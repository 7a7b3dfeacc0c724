# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import pathlib

from ansible.plugins.action import ActionBase

OK = {"class": "ok", "code": "done", "message": "", "remedy": ""}
LEFT = {"class": "not_started", "code": "not_started", "message": "not started", "remedy": ""}


class ActionModule(ActionBase):
    """The report of the hosts that `standin_calls` names, with `standin_hosts` laid over each entry."""

    def run(self, tmp=None, task_vars=None):
        playbook = self._task.args["playbook"]
        stopped = os.path.exists(task_vars["patchops_drain_file"])
        calls = pathlib.Path(task_vars.get("standin_calls", "/nonexistent"))
        called = calls.read_text().split() if calls.exists() else []
        overlay = task_vars.get("standin_hosts") or {}
        report = {
            "kind": "patchops.report",
            "schema": 1,
            "engine_version": task_vars.get("standin_report_engine", "0.1.0"),
            "run_id": task_vars["patchops_run_id"],
            "playbook": playbook,
            "started_at": "2026-11-22T10:00:00Z",
            "finished_at": "2026-11-22T10:01:05Z",
            "check_mode": self._task.check_mode,
            "result": "stopped"
            if stopped
            else self._templar.template(task_vars.get("standin_result", "done")),
            "gates": [{"at": "2026-11-22T10:00:00Z", "batch": 1, "open": not stopped, "reason": "a stop"}],
            "hosts": [
                self._entry(host, playbook == "scan" or host in called) | overlay.get(host, {})
                for host in task_vars["ansible_play_hosts_all"]
            ],
        }
        folder = pathlib.Path(task_vars["patchops_document_store"]["path"]) / "runs" / report["run_id"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(report))
        return {
            "changed": False,
            "outcome": OK,
            "summary": "reported",
            "document": str(folder / "report.json"),
        }

    def _entry(self, host, done):
        return {
            "host": host,
            "outcome": OK if done else LEFT,
            "touched": done,
            "lost": False,
            "changes": [],
            "effective": "yes",
            "verification": {"ok": True, "checks": []} if done else None,
            "pending": {"total": 2, "security": 1},
            "security_source": {"status": "ok"},
            "os": {"name": "Debian GNU/Linux", "version_id": "12"},
        }
