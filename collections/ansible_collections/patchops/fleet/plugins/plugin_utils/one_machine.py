# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names of an inventory that lead to one machine: it would be counted twice, and be in two batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.host_steps import Result


def names_of_one_machine(results: Mapping[str, Mapping[str, Result]]) -> list[list[str]]:
    """Return the names that stand for one machine, a list for each such machine; [] when all differ.

    `results`: the results of a run's steps by host; a host that was not asked is no other's twin.
    """
    machines: dict[tuple[Any, ...], list[str]] = {}
    for name, steps in results.items():
        identity = (steps.get("discover", {}).get("host") or {}).get("machine")
        if identity:
            machines.setdefault(tuple(identity), []).append(name)
    return [names for names in machines.values() if len(names) > 1]
