# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks are roles or task files of the user; what is wrong with one is found before the first batch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.playbook.role.definition import RoleDefinition

HOOKS = ("patchops_hook_drain", "patchops_hook_undrain")


class HookError(ValueError):
    """A hook is neither a role that is found nor the absolute path of a file that can be read."""


def read_hook(value: Any) -> dict[str, str | None] | None:
    """Return a hook as {role, tasks_from} or {path}; None when none is set.

    `value`: a role's name, {role, tasks_from}, or an absolute path. Raises HookError for anything else.
    """
    if not value:
        return None
    if isinstance(value, str) and os.path.isabs(value):
        return {"path": value}
    wanted = value if isinstance(value, Mapping) else {"role": value}
    role, tasks_from = wanted.get("role"), wanted.get("tasks_from")
    if not isinstance(role, str) or not role or "/" in role or role.endswith((".yml", ".yaml")):
        raise HookError(
            f"{value!r} is neither a role nor an absolute path; a relative path would be looked for inside "
            f"the "
            "collection"
        )
    if set(wanted) - {"role", "tasks_from"} or not isinstance(tasks_from, (str, type(None))):
        raise HookError(f"{value!r} is not understood: a hook has role and tasks_from")
    return {"role": role, "tasks_from": tasks_from or "main"}


def check_hook(host: str, name: str, value: Any, loader: Any) -> None:
    """Raise HookError unless the hook that the variable `name` holds can be run."""
    try:
        hook = read_hook(value)
        if hook and "path" in hook:
            _check_readable(str(hook["path"]))
        elif hook:
            _check_readable(_tasks_file(str(hook["role"]), str(hook["tasks_from"]), loader))
    except HookError as error:
        raise HookError(f"{name} (as {host} has it): {error}. Nothing was done.") from error


def _tasks_file(role: str, tasks_from: str, loader: Any) -> str:
    definition = RoleDefinition(loader=loader)
    try:
        definition.preprocess_data({"role": role})
    except AnsibleError as error:
        raise HookError(
            f"the role {role} is not found; install it, or set ANSIBLE_ROLES_PATH to where it is"
        ) from error
    name = tasks_from if tasks_from.endswith((".yml", ".yaml")) else f"{tasks_from}.yml"
    return os.path.join(definition._role_path, "tasks", name)


def _check_readable(path: str) -> None:
    if not os.access(path, os.R_OK):
        raise HookError(f"{path} can't be read on the controller")
