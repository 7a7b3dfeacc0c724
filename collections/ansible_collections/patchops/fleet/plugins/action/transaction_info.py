# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a host's transactions over one connection, keep the document, and never lose the host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import call

_MARGIN = 120.0


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's half of transaction_info."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        limit = float(arguments.get("wait_seconds") or 0) + _MARGIN
        answer = call(
            self, "transaction_info", arguments, task_vars or {}, kind="patchops.transaction", limit=limit
        )
        return answer.result
