# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the patch playbook in this process: the real actions, hosts that only answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.patchops.fleet.plugins.action import (
    gate,
    host_info,
    reboot,
    report,
    seal,
    transaction,
    verify,
)
from ansible_collections.patchops.fleet.plugins.filter.steps import outcome
from ansible_collections.patchops.fleet.plugins.plugin_utils import module_call
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers

Answers = Mapping[str, Any]
_ACTIONS = (gate, host_info, reboot, report, seal, transaction, verify)


class Clock:
    """Time that passes with each question to a host and with each pause."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_800_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def honest(name: str) -> dict[str, Any]:
    """Return what an honest host answers; a transaction by the state that it is asked for."""
    return {
        "host_info": honest_answers.host_info(name),
        "staged": honest_answers.transaction("staged"),
        "applied": honest_answers.transaction("applied"),
        "confirmed": honest_answers.transaction("applied", "confirmed"),
        "reverted": honest_answers.transaction("reverted", "taken_back"),
        "transaction_info": honest_answers.transaction_info(),
        "reboot": honest_answers.reboot(),
        "verify": honest_answers.verify(name),
    }


class Connection:
    """Stands for a connection that is not kept open."""

    transport = "local"
    _shell = SimpleNamespace(tmpdir=None)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class HostVars(dict[str, dict[str, Any]]):
    """Stands for hostvars."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]


class Controller:
    """Takes hosts through a patch run, and gates, seals and reports over all of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._clock = Clock()
        for module in (*_ACTIONS, module_call):
            if hasattr(module, "time"):
                monkeypatch.setattr(module, "time", self._clock)
            if hasattr(module, "ActionBase"):
                # What Ansible's base class does before an action runs needs a whole play.
                monkeypatch.setattr(module.ActionBase, "run", lambda self, tmp, task_vars: {})
            if hasattr(module, "now"):
                monkeypatch.setattr(module, "now", lambda: honest_answers.AT)

    def host(self, name: str, answers: Answers | None) -> dict[str, Any]:
        """Return the variables of a host after all steps up to the gate; None: it can't be reached."""
        variables = {"inventory_hostname": name, "patchops_document_store": {"kind": "none"}}
        self._step(variables, "patchops_discover_result", host_info, answers)
        if outcome(variables)["class"] == "ok":
            self._step(variables, "patchops_deploy_staged", transaction, answers, state="staged")
        return variables

    def patch(self, variables: dict[str, Any], answers: Answers | None) -> None:
        """Take a host through the steps behind the gate, as the playbook does."""
        if outcome(variables)["to_apply"]:
            staged = variables["patchops_deploy_staged"]["transaction"]["id"]
            self._step(variables, "patchops_deploy_started", transaction, answers, state="applied", id=staged)
        if outcome(variables)["class"] == "ok":
            self._step(variables, "patchops_reboot_result", reboot, answers)
        if outcome(variables)["class"] == "ok":
            self._step(variables, "patchops_verify_result", verify, answers)
        if outcome(variables)["revertible"]:
            taken = outcome(variables)["transaction"]["id"]
            self._step(
                variables, "patchops_rollback_reverted", transaction, answers, state="reverted", id=taken
            )

    def gate(self, hosts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Return what the gate says of the hosts, and register it for them."""
        told = self._for_all(gate, hosts)
        for variables in hosts.values():
            variables["patchops_gate_result"] = told
        return told

    def conclude(self, hosts: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return (the seal's result, the report)."""
        sealed = self._for_all(seal, hosts)
        kept: list[dict[str, Any]] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(report, "keep_document", lambda *given: kept.append(given[2]))
            self._for_all(report, hosts)
        return sealed, kept[0]

    def _for_all(self, module: ModuleType, hosts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        names = list(hosts)
        plan = {
            "run_id": "run",
            "playbook": "patch",
            "inventory": "prod",
            "started_at": honest_answers.AT,
            "check_mode": False,
            "targets": names,
            "batches": dict.fromkeys(names, 1),
            "budget_max": len(names),
            "window": None,
            "freeze": None,
            "patch_set_id": None,
            "patch_set_name": None,
            "gated": True,
            "intermittent": [],
            "drain_file": None,
            "fail_on": [],
            "stats": False,
            "store": {"kind": "none"},
        }
        play = {
            "hostvars": HostVars(hosts),
            "ansible_play_hosts_all": names,
            "ansible_play_batch": names,
            "patchops_document_store": {"kind": "none"},
        }
        result: dict[str, Any] = _action(module, lambda **asked: {}, {"plan": plan}).run(task_vars=play)
        return result

    def _step(
        self,
        variables: dict[str, Any],
        register: str,
        module: ModuleType,
        answers: Answers | None,
        **arguments: Any,
    ) -> None:
        def answer(module_args: dict[str, Any], **asked: Any) -> Any:
            self._clock.now += 30
            if answers is None:
                raise AnsibleConnectionFailure("ssh: connect to host 10.0.0.1 port 22: Connection refused")
            operation = module_args["operation"]
            return answers[module_args["arguments"]["state"] if operation == "transaction" else operation]

        variables[register] = _action(module, answer, arguments).run(task_vars=dict(variables))


def _action(module: ModuleType, answer: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    action = module.ActionModule(
        SimpleNamespace(args=arguments, async_val=0, check_mode=False, diff=False, environment=None),
        Connection(),
        SimpleNamespace(),
        None,
        SimpleNamespace(template=lambda value: value),
        None,
    )
    action._execute_module = answer
    action._low_level_execute_command = lambda *given, **more: {"stdout": "another-boot"}
    return action
