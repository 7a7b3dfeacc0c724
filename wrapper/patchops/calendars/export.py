# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write periods as an iCalendar file, which calendar programs subscribe to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import icalendar

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.text import plain


def to_ical(rows: Iterable[tuple[str, Period]], now: datetime) -> str:
    """Return an iCalendar text with one event for each (calendar's name, period).

    The same period has the same UID in every export, so that a program updates it instead of adding it again.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//PatchOps//patchops calendar//EN")
    calendar.add("version", "2.0")
    for name, period in rows:
        event = icalendar.Event()
        identity = hashlib.sha256(f"{name}\0{period.begin.isoformat()}\0{period.reason}".encode()).hexdigest()
        event.add("uid", f"{identity[:32]}@patchops")
        event.add("dtstamp", now)
        event.add("dtstart", period.begin)
        event.add("dtend", period.end)
        event.add("summary", f"{name}: {plain(period.reason)}" if period.reason else name)
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode("utf-8")
