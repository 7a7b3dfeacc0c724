# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that pose as variables of PatchOps.

Facts outrank the inventory and role defaults, and a host, a fact cache or any module that a hook runs can set
them. Variables of ours come from the inventory, the play and extra variables alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome

_PREFIXES = ("patchops_", "__patchops_")
# Variables of Ansible and AWX by which a run knows its limit, groups and inventory. Among facts Ansible drops
# the prefix ansible_.
_STEERING = frozenset(
    {"limit", "ansible_limit", "awx_inventory_id", "awx_inventory_name", "group_names", "groups"}
    | {"inventory_hostname", "inventory_hostname_short", "awx_job_id", "inventory_sources"}
)
_MOST_NAMED = 3
_LONGEST_NAME = 60


def foreign_facts(variables: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of variables that steer a run and that the facts among a host's variables set."""
    facts = variables.get("ansible_facts")
    if not isinstance(facts, Mapping):
        return frozenset()
    names = (str(name) for name in facts)
    return frozenset(name for name in names if name.startswith(_PREFIXES) or name in _STEERING)


def without_facts(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a host's variables without those that steer a run and that its facts set."""
    names = foreign_facts(variables)
    return {name: value for name, value in variables.items() if name not in names} if names else variables


def refusal(host: str, names: frozenset[str]) -> dict[str, str]:
    """Return the outcome of a host that is refused for such facts before anything was changed."""
    return make_outcome(
        "facts_refused",
        f"{host}: {told(names)}. Nothing was changed.",
        "Set variables of PatchOps in the inventory, the play or with -e. Find out what set the fact (a "
        "hook, a set_fact with cacheable, a module's answer), then drop it: ansible-playbook --flush-cache.",
    )


def told(names: frozenset[str]) -> str:
    """Return what is wrong in words, with the first names."""
    shown = [ascii(name[:_LONGEST_NAME])[1:-1] for name in sorted(names)[:_MOST_NAMED]]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"its facts set variables of PatchOps ({', '.join(shown)}{more})"
