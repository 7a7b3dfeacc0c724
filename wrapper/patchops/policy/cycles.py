# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the cycles of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from patchops.calendars.model import HOST_ZONE, Calendar, Recurring
from patchops.policy.gates import read_gates, unused_gates
from patchops.policy.model import Cycle, Install, Missed, Notice, Scope, Superseded
from patchops.policy.part import Part, shown
from patchops.policy.rings import read_rings

MANUAL: Final = "manual"
"""What a cycle that people start by hand has instead of a calendar."""


@dataclass(frozen=True)
class Names:
    """What the cycles of a policy may name.

    `calendar_names` has also those calendars that have mistakes of their own. Paths count from `folder`.
    """

    folder: Path
    calendars: Mapping[str, Calendar]
    calendar_names: tuple[str, ...]
    people: Mapping[str, tuple[str, ...]]
    inventories: tuple[str, ...]
    recipients: tuple[str, ...]


def read_cycle(name: str, part: Part, names: Names) -> Cycle:
    """Return one cycle."""
    gates = read_gates(part, names.people)
    rings = read_rings(part, names.folder)
    unused_gates(part, gates, {gate for ring in rings for gate in ring.gates})
    inventory = part.text("inventory")
    if inventory and inventory not in names.inventories:
        part.findings.unknown(part.at("inventory"), "inventory", inventory, names.inventories)
    cycle = Cycle(
        name=name,
        inventory=inventory,
        hosts=part.text("hosts", "all"),
        rings=rings,
        starts=_starts(part, names),
        jitter=part.duration("jitter", timedelta()),
        missed=part.choice("missed", Missed.RUN),
        install=_install(part),
        deadline=part.optional_duration("deadline", least=timedelta(seconds=1)),
        windows=part.names("windows", "calendar", names.calendar_names),
        freezes=part.names("freezes", "calendar", names.calendar_names),
        cutoff=part.duration("cutoff", timedelta()),
        stage_in_freeze=part.flag("stage_in_freeze", True),
        shard=part.number("shard", 100),
        superseded=part.choice("superseded", Superseded.PAUSE),
        on_breach=part.choice("on_breach", Scope.HOST),
        gates=gates,
        notices=_notices(part, names),
    )
    _contradictions(part, cycle, names)
    return cycle


def _starts(part: Part, names: Names) -> str | None:
    calendar = part.text("starts", MANUAL)
    if calendar == MANUAL:
        return None
    if calendar not in names.calendar_names:
        part.findings.unknown(part.at("starts"), "calendar", calendar, [*names.calendar_names, MANUAL])
        return None
    known = names.calendars.get(calendar)
    if known is not None and known.zone == HOST_ZONE:
        part.wrong(
            "starts",
            f"the calendar {calendar} is in the time zone of each host, and a rollout starts once",
            "name a calendar with a time zone of its own",
        )
    return calendar


def _install(part: Part) -> Install:
    chosen = part.part("install")
    if chosen is None:
        return Install(part.text("install", "baseline"))
    kinds = chosen.has("cves", "packages")
    if len(kinds) != 1:
        part.wrong("install", "names neither or both of cves and packages", "give one of the two")
        return Install()
    return Install(kinds[0], cves=chosen.texts("cves"), packages=chosen.texts("packages"))


def _notices(part: Part, names: Names) -> tuple[Notice, ...]:
    notices = []
    for notice in part.items("notices"):
        if len(notice.has("when", "before")) != 1:
            part.findings.wrong(notice.place, "a notice has either when or before", "keep one of the two")
        elif "before" in notice.data and part.text("starts", MANUAL) == MANUAL:
            notice.wrong("before", "a start by hand is not known before", "give the notice when: [started]")
        notices.append(
            Notice(
                notice.names("to", "recipient", names.recipients),
                notice.texts("when"),
                notice.optional_duration("before", least=timedelta(seconds=1)),
            )
        )
    return tuple(notices)


def _contradictions(part: Part, cycle: Cycle, names: Names) -> None:
    soaks = sum((ring.soak for ring in cycle.rings[:-1]), timedelta())
    if cycle.deadline is not None and cycle.deadline <= soaks:
        part.wrong(
            "deadline",
            f"the ring {cycle.rings[-1].name} could never begin: the rings before it soak for {shown(soaks)}",
            "give a longer deadline, or shorter soaks",
        )
    for number, name in enumerate(cycle.windows):
        calendar = names.calendars.get(name)
        if isinstance(calendar, Recurring) and calendar.duration <= cycle.cutoff:
            part.findings.wrong(
                f"{part.at('windows')}[{number}]",
                f"{name} lasts for {shown(calendar.duration)}, not longer than the cutoff",
                f"give a cutoff below {shown(calendar.duration)}, or a longer window",
            )
    for name in cycle.freezes:
        if name in cycle.windows:
            part.wrong("freezes", f"{name} is a window, too: nothing could ever begin", "keep one of the two")
    start = names.calendars.get(cycle.starts or "")
    if isinstance(start, Recurring) and cycle.jitter >= start.duration:
        part.wrong(
            "jitter",
            f"a start could come after the end of {cycle.starts} (it lasts for {shown(start.duration)})",
            f"give less than {shown(start.duration)}",
        )
