# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import pathlib

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Answers as `standin_answer` says; writes a document with the engine version `standin_engine`."""

    def run(self, tmp=None, task_vars=None):
        host = task_vars["inventory_hostname"]
        answer = self._templar.template(task_vars.get("standin_answer", {})) or {}
        document = pathlib.Path(task_vars["patchops_document_store"]["path"]) / "hosts" / host / "host.json"
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(
            json.dumps(
                {
                    "kind": "patchops.host",
                    "schema": 1,
                    "engine_version": task_vars.get("standin_engine", "0.1.0"),
                }
            )
        )
        outcome = {"class": "ok", "code": "collected", "message": "2 updates pending", "remedy": ""} | answer
        return {
            "changed": False,
            "outcome": outcome,
            "summary": outcome["message"],
            "document": str(document),
        }
