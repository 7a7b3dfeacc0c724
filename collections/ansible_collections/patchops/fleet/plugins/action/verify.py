# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify a host over a new connection, with a new login and a new become."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import call_until
from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import claim_arguments
from ansible_collections.patchops.fleet.plugins.plugin_utils.source_terms import given_terms

# A host that was just restarted may refuse logins for a moment.
_DEADLINE = 120.0
_MARGIN = 240.0


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's half of verify."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            arguments = {**claim_arguments(self, task_vars, "changed"), **self._task.args}
            arguments.setdefault("security_sources", given_terms(self, task_vars))
        except ValueError as error:
            return make_result("bad_arguments", f"{error}. Nothing was asked.", "Correct the variable.")
        settle = float(arguments.get("settle") or 30) + 3 * float(arguments.get("stable") or 10)
        new_login = boolean(arguments.pop("new_login", True), strict=False)
        answer = call_until(
            self,
            "verify",
            arguments,
            task_vars,
            kind="patchops.host",
            deadline=_DEADLINE + settle,
            limit=settle + _MARGIN,
            fresh=new_login,
        )
        return answer.result
