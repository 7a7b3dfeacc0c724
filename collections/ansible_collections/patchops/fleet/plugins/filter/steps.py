# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that the playbooks decide by: what became of a host so far, and what it has to have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.hooks import HookError, read_hook
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import (
    host_outcome,
    host_packages,
    is_left_unproven,
    step_results,
    to_apply,
    transaction,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set_source import load_patch_set


def run_hosts(plan: Mapping[str, Any], which: str) -> list[str] | str:
    """Return the hosts of a plan (`targets` or `act_on`) as a play names them, or a pattern of nobody.

    Where a play names its hosts, filters are loaded in the process that all workers are forked from.
    Otherwise every worker would load this file for every condition of every host: 15 ms each.
    """
    refused = frozenset(plan.get("refused", ()))
    return [host for host in plan.get(which, ()) if host not in refused] or "!all"


def outcome(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a host so far, from its ``hostvars``: class, code, to_apply, revertible."""
    results = step_results(variables)
    return {**host_outcome(results), "transaction": transaction(results), "to_apply": to_apply(results)}


def settled(hosts: Iterable[str], hostvars: Any) -> bool:
    """Tell whether a batch has nobody to take back, and nobody with a hook to put it back into service."""
    hooks = planned_hooks(hostvars, "patchops_hook_undrain")
    return not any(host in hooks or outcome(hostvars[host])["revertible"] for host in hosts)


def planned_hooks(hostvars: Any, name: str) -> Mapping[str, Any]:
    """Return the hook of each host as the plan of the run has frozen it; a host without one is not in it."""
    plan = hostvars.raw_get("localhost").get("patchops_plan") or {}
    hooks: Mapping[str, Any] = plan.get("hooks", {}).get(name, {})
    return hooks


def unproven_hosts(plan: Mapping[str, Any], hostvars: Any) -> list[str] | str:
    """Return the hosts that a run acted on and leaves unproven, as a play names them."""
    taken_over = frozenset(plan.get("take_over") or ())
    hosts = plan.get("act_on") or []
    left = [host for host in hosts if is_left_unproven(step_results(hostvars[host]), host in taken_over)]
    return left or "!all"


def planned_packages(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the packages that a host has to have, going by where its transaction stands."""
    return host_packages(step_results(variables))


def patch_set(source: Any) -> dict[str, Any]:
    """Return the sealed patch set that a path, a document or an artifact's text stands for."""
    try:
        return load_patch_set(source)
    except (PatchSetError, DocumentError) as error:
        raise AnsibleFilterError(str(error)) from error


def hook(value: Any) -> dict[str, str | None] | None:
    """Return a hook as {path} or {role, tasks_from}."""
    try:
        return read_hook(value)
    except HookError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "run_hosts": run_hosts,
            "outcome": outcome,
            "settled": settled,
            "unproven_hosts": unproven_hosts,
            "planned_hooks": planned_hooks,
            "planned_packages": planned_packages,
            "patch_set": patch_set,
            "hook": hook,
        }
