# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the calendars of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import parse_zone
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.schema import Problem
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.text import PolicyText
from patchops.calendars.model import Calendar, Exported, read_calendar


@dataclass(frozen=True)
class Calendars:
    """The calendars of a policy by name, and the time zone of those and of hosts that name none."""

    zone: ZoneInfo
    named: dict[str, Calendar]


def folder_of(path: Path) -> Path:
    """Return what the relative paths of a policy count from: its folder."""
    return path if path.is_dir() else path.parent


def read_calendars(text: PolicyText, folder: Path, today: date) -> tuple[Calendars, list[Problem]]:
    """Return the calendars of a policy and what is wrong with them; what has another form is left out.

    :param folder: what relative paths count from
    :param today: from when on each calendar has to occur
    """
    data = text.data if isinstance(text.data, dict) else {}
    zone, problems = ZoneInfo("UTC"), []
    if isinstance(data.get("timezone"), str):
        try:
            zone = ZoneInfo(str(parse_zone(data["timezone"])))
        except ValueError as error:
            message, _semicolon, remedy = str(error).partition("; ")
            problems.append(Problem("timezone", message, remedy))
    named: dict[str, Calendar] = {}
    sections = data.get("calendars")
    for name, one in (sections if isinstance(sections, dict) else {}).items():
        if not isinstance(one, dict):
            continue  # the schema has told it
        place = f"calendars.{name}"
        calendar, found = read_calendar(one, place, folder, str(zone), today)
        if isinstance(calendar, Exported) and not calendar.path.is_file():
            found.append(Problem(f"{place}.ical", f"there is no file {calendar.path}", "name an .ics file"))
        problems += found
        if calendar is not None:
            named[name] = calendar
    return Calendars(zone, named), problems
