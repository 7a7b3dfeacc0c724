# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a host come into effect, and wait with it through its reboot until there is proof."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import IdentityError
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import (
    Answer,
    call,
    call_until,
    wait_for_another_boot,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import claim_arguments

_MODULE = "reboot"
_DEFAULT_TIMEOUT = 600.0
# The order to reboot is given; until the network goes, the old boot still answers.
_GOING_DOWN_SECONDS = 1.5
# So ends a call whose host restarts what it goes through, or goes down before its answer has left.
_UNTOLD = ("connection_lost", "module_crashed")


class ActionModule(ActionBase):  # type: ignore[misc]
    """The controller's half of reboot."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            arguments = {**claim_arguments(self, task_vars, "changed"), **self._task.args}
        except IdentityError as error:
            return make_result("bad_arguments", f"{error}. Nothing was asked.")
        answer = call(self, _MODULE, arguments, task_vars, acts=True)
        if answer.code in _UNTOLD:
            timeout = float(arguments.get("timeout", _DEFAULT_TIMEOUT))
            again = call_until(self, _MODULE, arguments, task_vars, acts=True, deadline=timeout, limit=300.0)
            answer = answer if again.unreachable else again
        if not answer.result.get("rebooting"):
            return answer.result
        return self._wait(answer, arguments, task_vars)

    def _wait(self, ordered: Answer, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        host = str(task_vars.get("inventory_hostname", "the host"))
        timeout = float(arguments.get("timeout", _DEFAULT_TIMEOUT))
        started = time.monotonic()
        time.sleep(_GOING_DOWN_SECONDS)
        wait_for_another_boot(self, str(ordered.result["reboot"]["boot_id"]), timeout)
        answer = call_until(
            self,
            _MODULE,
            {**arguments, "phase": "end"},
            task_vars,
            acts=True,
            deadline=timeout - (time.monotonic() - started),
            limit=120.0,
            fresh=False,
            accept=lambda seen: seen.code != "reboot_faked",
        )
        waited = int(time.monotonic() - started)
        if not answer.unreachable:
            return answer.result
        outcome = answer.result["outcome"]
        if outcome["code"] == "host_key_changed":
            return answer.result
        return make_result(
            "reboot_failed",
            f"{host} was told to reboot and did not come back within {waited} seconds "
            f"({outcome['message']}). Its updates are installed; whether it boots is not known."
            + _going_back(ordered.result.get("confirm_within")),
            f"Look at its console.{_behind(ordered.result['reboot'].get('former_kernel'))} When it runs "
            "again, run the same command again: it goes on from there.",
            changed=True,
            reboot={**ordered.result["reboot"], "done": False, "boot_id_changed": False, "kernel": None},
        )


def _behind(former: str | None) -> str:
    return f" A power cycle boots its former kernel, {plain(former, 80)}." if former else ""


def _going_back(within: int | None) -> str:
    if not within:
        return ""
    return (
        " When it runs and nobody can log in, it takes its newest transaction back by itself "
        f"{within} seconds after the boot."
    )
