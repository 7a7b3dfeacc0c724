# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the rings of a cycle."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from patchops.policy.model import REST, Amount, Check, InFlight, Ring, Stragglers
from patchops.policy.part import Part, amount_or

_ALL: Final = Amount(100, percent=True)
_NONE: Final = Amount(0)
_STRICT_RINGS: Final = 2
"""So many first rings may lose no host unless they say otherwise."""
_LATER_FAILURES: Final = Amount(5, percent=True)
_EFFECTIVE: Final = Amount(90, percent=True)
_REST_AS_PART: Final = re.compile(rf"(?:^|[:,&!])\s*{REST}\s*(?:[:,]|$)")


def read_rings(cycle: Part, folder: Path) -> tuple[Ring, ...]:
    """Return the rings of a cycle in their order.

    :param folder: what the paths of check files count from
    """
    rings = tuple(
        _ring(part, number, cycle.keys("gates"), folder) for number, part in enumerate(cycle.items("rings"))
    )
    _names_twice(cycle, rings)
    return rings


def _ring(part: Part, number: int, gate_names: tuple[str, ...], folder: Path) -> Ring:
    name, hosts = part.text("name"), part.text("hosts")
    _rest(part, name, hosts)
    return Ring(
        name=name,
        hosts=hosts,
        soak=part.duration("soak", timedelta()),
        batches=_batches(part),
        batch_soak=part.duration("batch_soak", timedelta()),
        max_in_flight=_in_flight(part),
        max_failures=_failures(part, number),
        min_effective=part.amount("min_effective", _EFFECTIVE),
        gates=part.names("gates", "gate", gate_names),
        checks=_checks(part, folder),
        stragglers=part.choice("stragglers", Stragglers.FREE),
    )


def _rest(part: Part, name: str, hosts: str) -> None:
    if hosts != REST and _REST_AS_PART.search(hosts):
        part.wrong("hosts", f"{REST} can't be a part of a pattern", f"write hosts: {REST} alone")
    if name == REST and hosts != REST:
        part.wrong("name", f"a ring called {REST} has hosts: {REST}", "give it another name")


def _names_twice(cycle: Part, rings: tuple[Ring, ...]) -> None:
    places = [part.place for part in cycle.items("rings")]
    for number, ring in enumerate(rings):
        before = rings[:number]
        if ring.name and any(ring.name == other.name for other in before):
            cycle.findings.wrong(
                f"{places[number]}.name", f"{ring.name} is given twice", "give it another name"
            )
        if ring.hosts == REST and any(other.hosts == REST for other in before):
            cycle.findings.wrong(
                f"{places[number]}.hosts", f"two rings have hosts: {REST}", "give one of them a pattern"
            )


def _batches(part: Part) -> tuple[Amount, ...]:
    value = part.data.get("batches")
    if not isinstance(value, list) or not value:
        return (_ALL,)
    batches = tuple(amount_or(size, _ALL) for size in value)
    for number, size in enumerate(batches):
        place = f"{part.at('batches')}[{number}]"
        if size.value == 0:
            part.findings.wrong(place, "a batch without hosts", "give a size from 1 or 1%")
        elif size == _ALL and number < len(batches) - 1:
            part.findings.wrong(place, "100% leaves no host for the batches after it", "end the list here")
    return batches


def _in_flight(part: Part) -> InFlight:
    value = part.data.get("max_in_flight")
    if value is None:
        return InFlight()
    mapping = part.part("max_in_flight")
    holder, key = (part, "max_in_flight") if mapping is None else (mapping, "total")
    total = holder.amount(key, _ALL) if key in holder.data else None
    if total == Amount(0) or total == Amount(0, percent=True):
        holder.wrong(key, "nothing could ever start", "give at least 1 or 1%")
    per = mapping.data.get("per") if mapping is not None else None
    limits = {
        name: limit
        for name, limit in (per.items() if isinstance(per, dict) else ())
        if isinstance(limit, int) and not isinstance(limit, bool)
    }
    return InFlight(total, limits)


def _failures(part: Part, number: int) -> Amount:
    failures = part.amount("max_failures", _NONE if number < _STRICT_RINGS else _LATER_FAILURES)
    if failures == _ALL:
        part.findings.warn(
            part.at("max_failures"), "this budget never breaks: all hosts may be lost", "give a smaller share"
        )
    return failures


def _checks(part: Part, folder: Path) -> tuple[Check, ...]:
    checks = []
    for check in part.items("checks"):
        path = check.text("testinfra")
        if not path:
            continue
        file = folder / path
        if not file.is_file():
            check.wrong("testinfra", f"there is no file {file}", "name a file of testinfra tests")
        checks.append(Check("testinfra", str(file)))
    return tuple(checks)
