# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host can be asked for: one file an operation, each with its arguments and what it does."""

from typing import Any, Callable, Dict, NamedTuple, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

Result = Dict[str, Any]


class Operation(NamedTuple):
    """One thing that a host can be asked for.

    `arguments`: the argument spec. `perform` takes the validated arguments and whether this is check mode,
    and returns the result of the module.
    """

    arguments: Dict[str, Any]
    perform: Callable[[Dict[str, Any], bool], Result]
    mutually_exclusive: Tuple[Tuple[str, ...], ...] = ()


def run_module(operation: Operation) -> None:
    """Be the module of one operation."""
    module = AnsibleModule(
        argument_spec=operation.arguments,
        mutually_exclusive=operation.mutually_exclusive,
        supports_check_mode=True,
    )
    answer(module, operation.perform(module.params, module.check_mode))


def validated(module: AnsibleModule, name: str, operation: Operation) -> Dict[str, Any]:
    """Return the module's `arguments` with types and defaults; ends the module where they are bad."""
    validator = ArgumentSpecValidator(operation.arguments, operation.mutually_exclusive)
    result = validator.validate(module.params["arguments"])
    for message in result.error_messages:
        unsupported = isinstance(result.errors[0], UnsupportedError)
        module.fail_json(msg=(f"Unsupported parameters for {name}: " if unsupported else "") + message)
    parameters: Dict[str, Any] = result.validated_parameters
    return parameters


def answer(module: AnsibleModule, result: Result) -> None:
    """End the module with a result."""
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)
