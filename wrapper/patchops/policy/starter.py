# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first policy for an inventory: its groups, rings guessed from their names, and one monthly cycle.

Pure: the inventory was asked before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from patchops.policy.model import REST
from patchops.policy.placement import INTERMITTENT_VARIABLE, LIFECYCLE_VARIABLE, MUTABLE, RING_VARIABLE

# Names of groups by what they are usually for, in the order in which rings follow each other.
_STAGES: Final = {
    "staging": ("staging", "stage", "test", "testing", "dev", "devel", "development", "qa", "uat", "lab"),
    "canary": ("canary", "canaries", "pilot", "pilots", "ring0"),
    "early": ("early", "ring1", "preprod"),
}
_LAST: Final = "broad"
_PATTERN_CHARACTERS: Final = re.compile(r"[:,&!*?\[\]~ {}]")
_RING_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\Z")
_SHOWN_GROUPS: Final = 40


@dataclass(frozen=True)
class GuessedRing:
    """A ring, and why it is there.

    `hosts` is None where only `patchops_ring` names them; `proves`: whether some of them count.
    """

    name: str
    hosts: str | None
    why: str
    proves: bool = True


def guess_rings(
    groups: Mapping[str, Sequence[str]], variables: Mapping[str, Mapping[str, Any]]
) -> list[GuessedRing]:
    """Return rings that have each host exactly once, the proving ones first.

    :param groups: all groups of each host
    :param variables: of each host
    """
    named = {
        host: value
        for host in groups
        if isinstance(value := variables.get(host, {}).get(RING_VARIABLE), str) and _RING_NAME.match(value)
    }
    left = {host for host in groups if host not in named}
    rings = []
    for name in _by_stage(named.values()):
        members = {host for host, ring in named.items() if ring == name}
        why = f"its hosts have {RING_VARIABLE}: {name}"
        takes_rest = name == REST or (name == _LAST and left)
        if takes_rest:
            members |= left
            left = set()
        hosts = REST if takes_rest else None
        rings.append(GuessedRing(name, hosts, why, _first(members, variables) is not None))
    before: list[str] = []
    for stage in _STAGES if not rings else ():
        found = sorted({group for host in left for group in groups[host] if _is_stage(group, stage)})
        members = {host for host in left if not set(found).isdisjoint(groups[host])}
        if _first(members, variables) is not None and left - members:
            pattern = ":".join([*found, *(f"!{group}" for group in before)])
            rings.append(GuessedRing(stage, pattern, f"guessed from the name of {', '.join(found)}"))
            before += found
            left -= members
    first = _first(left, variables)
    if not rings and len(left) > 1 and first is not None:
        why = "no group looks like a stage: choose hosts that tell the most"
        rings.append(GuessedRing("canary", first, why))
        left.discard(first)
    if left:
        proves = _first(left, variables) is not None
        name = _LAST if rings else "all"
        rings.append(GuessedRing(name, REST, "all hosts that no other ring names", proves))
    return rings


def _by_stage(names: Any) -> list[str]:
    """Return names in the order of the stages that they look like, the others behind them."""
    order = [*_STAGES]

    def rank(name: str) -> tuple[int, str]:
        known = (number for number, stage in enumerate(order) if _is_stage(name, stage))
        return (next(known, len(order)) + (name in (_LAST, REST)), name)

    return sorted(set(names), key=rank)


def _is_stage(group: str, stage: str) -> bool:
    return not _PATTERN_CHARACTERS.search(group) and any(
        word in _STAGES[stage] for word in re.split(r"[-_.]", group.lower())
    )


def _first(hosts: set[str], variables: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the first host that can prove something: neither intermittent nor only scanned."""
    for host in sorted(hosts):
        given = variables.get(host, {})
        if (
            not _PATTERN_CHARACTERS.search(host)
            and not given.get(INTERMITTENT_VARIABLE)
            and given.get(LIFECYCLE_VARIABLE, MUTABLE) == MUTABLE
        ):
            return host
    return None


def starter(
    sources: Sequence[str],
    zone: str,
    groups: Mapping[str, Sequence[str]],
    variables: Mapping[str, Mapping[str, Any]],
) -> str:
    """Return the text of a policy.

    :param sources: the inventory, as the policy's folder reaches it
    """
    sizes: dict[str, int] = {}
    for names in groups.values():
        for name in names:
            sizes[name] = sizes.get(name, 0) + 1
    listed = [f"{name} ({sizes[name]})" for name in sorted(sizes) if name not in ("all", "ungrouped")]
    more = f" and {len(listed) - _SHOWN_GROUPS} more" if len(listed) > _SHOWN_GROUPS else ""
    rings = guess_rings(groups, variables)
    return _TEXT.format(
        zone=json.dumps(zone),
        sources=", ".join(map(json.dumps, sources)),
        groups=_wrapped(", ".join(listed[:_SHOWN_GROUPS]) + more or "none"),
        hosts=len(groups),
        rings="\n".join(_ring(ring, last=number == len(rings) - 1) for number, ring in enumerate(rings)),
    )


def _ring(ring: GuessedRing, last: bool) -> str:
    lines = [f"      # {ring.why}", f"      - name: {json.dumps(ring.name)}"]
    if ring.hosts is not None:
        lines.append(f"        hosts: {json.dumps(ring.hosts)}")
    if not ring.proves:
        lines.append("        min_effective: 1")
    if last:
        lines += ['        batches: ["10%", "100%"]', '        max_in_flight: "10%"']
    else:
        lines.append("        soak: 1d")
    return "\n".join(lines)


def _wrapped(text: str, width: int = 96) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join(f"# {one}" for one in [*lines, line])


_TEXT: Final = """\
# A first policy, made from the inventory. Read it, change it, check it: patchops policy check FILE
# Every key is described in docs/guides/policy.md.
kind: patchops.policy
schema: 1

# The time zone of calendars, and of hosts without patchops_timezone.
timezone: {zone}

# Who may approve; gates name the groups. Logins of the operating system.
# people:
#   change-board: [ann, bob]

inventories:
  main: {{sources: [{sources}]}}

# {hosts} hosts. Groups of the inventory, with their hosts:
{groups}

calendars:
  # The Wednesday after the second Tuesday of each month.
  patched: {{rrule: "FREQ=MONTHLY;BYDAY=2TU", plus: 1d, start: "20:00", duration: 6h}}
  # When hosts may change, each in its own time.
  nights: {{rrule: "FREQ=WEEKLY;BYDAY=TU,WE,TH", start: "22:00", duration: 4h, timezone: host}}
  # When nothing may change; name it in the cycle's freezes.
  # year_end: {{from: 2026-12-18, until: 2027-01-04, reason: year end}}

cycles:
  monthly:
    inventory: main
    # hosts: "all:!appliances"      # a pattern of Ansible; without it all hosts
    starts: patched                 # a calendar, or manual
    deadline: 14d                   # nothing begins later; what is left is told as missed
    windows: [nights]
    # freezes: [year_end]
    cutoff: 30m                     # nothing begins in the last half hour of a window
    on_breach: batch                # taken back when too many hosts are lost: host, batch, ring or none
    rings:
{rings}
    # Before a ring begins, people or programs can be asked; the ring names them: gates: [board]
    # gates:
    #   board: {{approval: {{by: [change-board], count: 1, within: 48h}}}}
    # notices: [{{when: [needs_approval, halted, finished], to: [ops]}}]

# Where notices go.
# recipients:
#   ops: {{command: [/usr/local/bin/tell]}}
"""
