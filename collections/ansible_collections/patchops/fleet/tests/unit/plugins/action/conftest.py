# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import Answer


class Controller:
    """Runs the action of a module; `answers` are the host's, in order; `asked` is what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, *answers: Answer) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._module = module
        self._answers = iter(answers)
        monkeypatch.setattr(module, "call", self._answer)
        monkeypatch.setattr(module, "call_until", self._answer)
        # What Ansible's base class does before an action runs needs a whole play.
        monkeypatch.setattr(module.ActionBase, "run", lambda self, tmp, task_vars: {})

    def run(self, **arguments: Any) -> dict[str, Any]:
        action = self._module.ActionModule(
            SimpleNamespace(args=arguments, async_val=0, check_mode=False, diff=False, environment=None),
            SimpleNamespace(),
            SimpleNamespace(),
            None,
            SimpleNamespace(template=lambda value: value),
            None,
        )
        result: dict[str, Any] = action.run(task_vars={"inventory_hostname": "web1", "patchops_run_id": "r1"})
        return result

    def _answer(self, action: Any, module: str, arguments: Any, task_vars: Any, **more: Any) -> Answer:
        self.asked.append((module, dict(arguments)))
        return next(self._answers)


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Controller]:
    """Return a function from the module of an action and the host's answers to a Controller."""
    return partial(Controller, monkeypatch)
