# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from types import SimpleNamespace
from typing import Any

import pytest

from patchops_lab.modules import module_command

LAB: Any = SimpleNamespace(paths=SimpleNamespace(inventory="/lab/inventory.yml"))


@pytest.mark.parametrize(
    ("arguments", "told"), [({}, []), ({"state": "applied"}, ["-a", '{"state": "applied"}'])]
)
def test_a_module_without_arguments_is_run_without_the_option(
    arguments: dict[str, str], told: list[str]
) -> None:
    command = module_command(LAB, "host1", "transaction_info", arguments)
    place = command.index("patchops.fleet.transaction_info") + 1
    assert command[place : command.index("-e")] == told
