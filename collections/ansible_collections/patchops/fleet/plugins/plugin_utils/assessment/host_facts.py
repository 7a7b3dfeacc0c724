# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says about a host: exposure, criticality, groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import CRITICALITIES, HostContext

_EXPOSURES: Final[Mapping[str, bool | None]] = {"exposed": True, "internal": False, "unknown": None}


class VariableError(ValueError):
    """An inventory variable has a value that nobody can act on; the message says host, variable, remedy."""


@dataclass(frozen=True)
class HostFacts:
    """One host of an inventory. address: where it is reached, "" where the inventory doesn't say.

    inventory: the key of its inventory, "" where it is not known.
    """

    name: str
    groups: frozenset[str]
    context: HostContext
    address: str = ""
    inventory: str = ""

    @property
    def key(self) -> HostKey:
        return HostKey(self.inventory, self.name)


def host_facts(
    name: str,
    groups: Iterable[str] = (),
    variables: Mapping[str, Any] | None = None,
    inventory: str = "",
) -> HostFacts:
    """Read ``patchops_exposure`` (exposed | internal | unknown), ``patchops_exposed_since`` (YYYY-MM-DD) and
    ``patchops_criticality`` (low | medium | high | critical | unknown). Raises VariableError.
    """
    given = variables or {}
    exposure = _choice(name, given, "patchops_exposure", (*_EXPOSURES,)) or "unknown"
    criticality = _choice(name, given, "patchops_criticality", (*CRITICALITIES, "unknown"))
    since = _day(name, given, "patchops_exposed_since")
    return HostFacts(
        name,
        frozenset(groups),
        HostContext(
            exposed=_EXPOSURES[exposure],
            exposed_since=since if exposure == "exposed" else None,
            criticality=None if criticality == "unknown" else criticality,
        ),
        str(given.get("ansible_host") or ""),
        inventory,
    )


def _choice(host: str, given: Mapping[str, Any], variable: str, allowed: tuple[str, ...]) -> str | None:
    value = given.get(variable)
    if value is None:
        return None
    if str(value) not in allowed:
        raise VariableError(f"{host}: {variable} is {value!r}; write one of {', '.join(allowed)}")
    return str(value)


def _day(host: str, given: Mapping[str, Any], variable: str) -> date | None:
    value = given.get(variable)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise VariableError(f"{host}: {variable} is {value!r}; write a day as YYYY-MM-DD") from None
