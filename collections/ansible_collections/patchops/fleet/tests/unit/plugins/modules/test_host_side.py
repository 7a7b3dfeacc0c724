# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import yaml

from ansible_collections.patchops.fleet.plugins.module_utils.operations import as_module, table
from ansible_collections.patchops.fleet.plugins.modules import host_side
from ansible_collections.patchops.fleet.plugins.plugin_utils.connection_failures import failure_code


class Ended(Exception):
    """The module has ended with a failure."""


def fail_json(msg: str) -> NoReturn:
    raise Ended(msg)


def validated(operation: str, **arguments: Any) -> dict[str, Any]:
    module = SimpleNamespace(params={"arguments": arguments}, fail_json=fail_json)
    return as_module.validated(module, operation, table.find(operation))


def test_the_documentation_knows_every_operation() -> None:
    option = yaml.safe_load(host_side.DOCUMENTATION)["options"]["operation"]
    assert option["choices"] == list(table.OPERATIONS)


def test_arguments_get_their_types_and_defaults() -> None:
    expected = {"id": None, "wait_seconds": 20, "run_id": None, "claim": None}
    assert validated("transaction_info", wait_seconds="20") == expected


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("reboot", {"policy": "sometimes"}),
        ("reboot", {"politics": "auto"}),
        ("transaction", {}),
        ("transaction", {"state": "staged", "select": "all", "packages": ["bash"]}),
        ("verify", {"settle": "long"}),
        ("verify", {"checks": [{"unit": "a", "command": ["b"]}]}),
    ],
)
def test_bad_arguments_end_the_module_with_words_that_are_known(
    operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(Ended) as ended:
        validated(operation, **arguments)
    assert failure_code(str(ended.value), "module_crashed") == "bad_arguments"
