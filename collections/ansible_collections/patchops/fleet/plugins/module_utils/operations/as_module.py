# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations as modules of Ansible, apart from the rest: what runs detached on a host has no Ansible."""

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation, Result


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
