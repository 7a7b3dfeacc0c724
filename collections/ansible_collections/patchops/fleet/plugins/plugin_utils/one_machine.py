# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names of an inventory that lead to one machine: it would be counted twice, and be in two batches.

Either the inventory has a machine twice, or a host gives another's identity to have that one left out. The
controller keeps since when it knows a host as the machine that it says it is. Who said so later is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_outcome
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import named

# In a host's document: {machine_id, hostname, since}, as the controller knows the host, which writes it.
KNOWN_MACHINE = "known_machine"
_MOST_NAMED = 5

Result = Mapping[str, Any]


def known_machine(
    document: Mapping[str, Any], former: Mapping[str, Any] | None, at: str
) -> tuple[dict[str, str] | None, str | None]:
    """Return (as what machine the host is known from now on, since when it was so far or None).

    `former`: the document that the controller kept last. Reboots and new packages don't make another machine,
    and a document that doesn't tell the machine makes none unknown.
    """
    told, before = _machine(document.get("machine")), (former or {}).get(KNOWN_MACHINE)
    known = _machine(before)
    since = before.get("since") if known and isinstance(before, Mapping) else None
    if known and isinstance(since, str) and told in (known, None):
        return {"machine_id": known[0], "hostname": known[1], "since": since}, since if told else None
    return ({"machine_id": told[0], "hostname": told[1], "since": at} if told else None), None


def same_machines(results: Mapping[str, Mapping[str, Result]]) -> dict[str, list[str]]:
    """Return the hosts that are refused, each with the names that say they are the same machine.

    `results`: the results of a run's steps by host. Of several names for one machine the one stays that the
    controller has known for longest. Where it knew none of them so far, or two for as long, all are refused.
    """
    refused: dict[str, list[str]] = {}
    for names in names_of_one_machine(results):
        known = {name: since for name in names if (since := _told(results[name]).get("known_since"))}
        first = [name for name, since in known.items() if since == min(known.values())]
        for name in names:
            if first != [name]:
                refused[name] = [other for other in names if other != name]
    return refused


def names_of_one_machine(results: Mapping[str, Mapping[str, Result]]) -> list[list[str]]:
    """Return the names that stand for one machine, a list for each such machine; [] when all differ.

    A host that was not asked is no other's twin.
    """
    machines: dict[tuple[Any, ...], list[str]] = {}
    for name, steps in results.items():
        identity = _told(steps).get("machine")
        if identity:
            machines.setdefault(tuple(identity), []).append(name)
    return [names for names in machines.values() if len(names) > 1]


def refusal(host: str, others: Sequence[str]) -> dict[str, str]:
    """Return the outcome of a host that is refused since `others` say that they are the same machine."""
    return make_outcome(
        "same_machine",
        f"{host}: it says that it is the same running machine as {named(others, _MOST_NAMED)} (machine-id, "
        "boot and name are the same). Nothing was changed.",
        "Where one machine has several names, leave all but one out of the inventory. Where they are several "
        f"machines, one of them gives another's identity and can't be trusted: look at {host}, and at "
        f"{named(others, _MOST_NAMED)} where that was refused as well.",
    )


def _told(steps: Mapping[str, Result]) -> Mapping[str, Any]:
    host = steps.get("discover", {}).get("host")
    return host if isinstance(host, Mapping) else {}


def _machine(told: Any) -> tuple[str, str] | None:
    if not isinstance(told, Mapping):
        return None
    parts = told.get("machine_id"), told.get("hostname")
    return (str(parts[0]), str(parts[1])) if all(parts) else None
