# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the host document over one connection, keep it on the controller, and never lose the host."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import call
from ansible_collections.patchops.fleet.plugins.plugin_utils.source_terms import given_terms

# Reading a package manager's repositories over a slow line takes minutes; a hanging connection takes forever.
_LIMIT = 300.0
_LIMIT_WITH_REFRESH = 1200.0
_TOLERATED_OFFSET = 300


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's half of host_info."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        try:
            arguments.setdefault("security_sources", given_terms(self, task_vars or {}))
        except ValueError as error:
            return make_result("bad_arguments", f"{error}. Nothing was asked.", "Correct the variable.")
        limit = _LIMIT_WITH_REFRESH if arguments.get("refresh") else _LIMIT
        started = time.time()
        answer = call(self, "host_info", arguments, task_vars or {}, kind="patchops.host", limit=limit)
        if answer.document is not None and isinstance(answer.result.get("host"), dict):
            offset = clock_offset(answer.document["clock"]["utc"], started, time.time())
            answer.result["host"]["clock_offset_seconds"] = offset
            if abs(offset) > _TOLERATED_OFFSET:
                answer.result.setdefault("warnings", []).append(
                    f"The clock of {answer.document['host']} is {abs(offset)} seconds "
                    f"{'ahead' if offset > 0 else 'behind'}: repositories may look expired or not yet valid. "
                    "Set it right."
                )
        return answer.result


def clock_offset(host_time: str, started: float, ended: float) -> int:
    """Return by how many seconds the host's clock is ahead; 0 when it lies within the time the call took."""
    host = datetime.strptime(host_time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    if host < started - 1:
        return int(host - started)
    return int(host - ended) if host > ended + 1 else 0
