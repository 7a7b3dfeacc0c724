# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action that works for a whole run may know of the hosts in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_facts import foreign_facts, without_facts
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import Result, step_results
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    NAME_VARIABLE,
    IdentityError,
    Inventory,
)


def host_knobs(task_vars: Mapping[str, Any], host: str, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the named variables that are set for `host`, templates resolved; facts are left out."""
    variables = task_vars["hostvars"][host]
    foreign = foreign_facts(variables)
    return {name: variables[name] for name in names if name in variables and name not in foreign}


def host_foreign_facts(task_vars: Mapping[str, Any], host: str) -> frozenset[str]:
    """Return the names of PatchOps' variables that facts of `host` set."""
    return foreign_facts(task_vars["hostvars"].raw_get(host))


def inventory_of_hosts(task_vars: Mapping[str, Any], hosts: Iterable[str]) -> Inventory:
    """Return the inventory of these hosts of the play. Raises IdentityError where its name differs."""
    named: dict[str, str] = {}
    believed: list[str] = []
    for host in hosts:
        if host_foreign_facts(task_vars, host):
            continue  # a fact may stand in the place of the inventory's own
        believed.append(host)
        named.setdefault(str(host_knobs(task_vars, host, [NAME_VARIABLE]).get(NAME_VARIABLE) or ""), host)
    if len(named) > 1:
        (one, at_one), (other, at_other) = list(named.items())[:2]
        raise IdentityError(
            f"{NAME_VARIABLE} is {one or 'not set'!r} on {at_one} and {other or 'not set'!r} on {at_other}; "
            "it names the inventory, so all of its hosts have the same"
        )
    variables = without_facts(task_vars)
    if variables is not task_vars and believed:  # the first host is none of those that are believed
        variables = task_vars["hostvars"].raw_get(believed[0])
    return Inventory.of_play(variables, next(iter(named), ""))


def frozen_plan(task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the plan of the run, which the controller keeps for localhost; {} outside of our playbooks.

    Taken as it is: a plan of thousands of hosts would be templated anew for each of them.
    """
    try:
        plan = task_vars["hostvars"].raw_get("localhost")["patchops_plan"]
    except (AttributeError, KeyError, TypeError, AnsibleError):
        return {}
    return plan if isinstance(plan, Mapping) else {}


def host_results(task_vars: Mapping[str, Any], host: str) -> dict[str, Result]:
    """Return what the steps of this run registered for `host`, by step.

    Taken as it is: a result holds text of the host, which must not be templated.
    """
    return step_results(task_vars["hostvars"].raw_get(host))


def run_result(task_vars: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what a step that ran once for all hosts registered, {} where it did not run.

    Every host of the play has it; a host whose facts pose as our variables isn't asked.
    """
    for host in task_vars["ansible_play_hosts_all"]:
        variables = task_vars["hostvars"].raw_get(host)
        if not foreign_facts(variables):
            found = variables.get(name)
            return found if isinstance(found, Mapping) else {}
    return {}
