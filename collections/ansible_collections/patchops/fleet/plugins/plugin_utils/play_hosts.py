# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action that works for a whole run may know of the hosts in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import Result, step_results
from ansible_collections.patchops.fleet.plugins.plugin_utils.knobs import parse_flag


def host_knobs(task_vars: Mapping[str, Any], host: str, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the named variables that are set for `host`, with templates resolved."""
    variables = task_vars["hostvars"][host]
    return {name: variables[name] for name in names if name in variables}


def host_results(task_vars: Mapping[str, Any], host: str) -> dict[str, Result]:
    """Return what the steps of this run registered for `host`, by step.

    Taken as it is: a result holds text of the host, which must not be templated.
    """
    return step_results(task_vars["hostvars"].raw_get(host))


def is_intermittent(task_vars: Mapping[str, Any], host: str) -> bool:
    """Tell whether being unreachable is normal for `host`."""
    return parse_flag(
        host_knobs(task_vars, host, ["patchops_intermittent"]).get("patchops_intermittent", False)
    )
