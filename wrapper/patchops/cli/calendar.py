# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops calendar`: the coming occurrences of a policy's calendars."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from ansible_collections.patchops.fleet.plugins.plugin_utils.gates.windows import Period
from patchops.calendars.export import to_ical
from patchops.calendars.model import HOST_ZONE
from patchops.calendars.occurrences import Timetable
from patchops.cli.console import stdout_console
from patchops.cli.options import policy_option
from patchops.policy.calendars import load_calendars
from patchops.text import plain


@click.command()
@policy_option("-p", required=True)
@click.option("--days", type=click.IntRange(1, 730), default=60, show_default=True, help="How far to look.")
@click.option("--timezone", "zone_name", metavar="ZONE", help="Show times in this zone, not the policy's.")
@click.option("--ical", "as_ical", is_flag=True, help="Print an iCalendar file, for a calendar program.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@click.argument("names", nargs=-1)
def calendar(
    policy: Path, days: int, zone_name: str | None, as_ical: bool, as_json: bool, names: Sequence[str]
) -> None:
    """Print when the calendars of a policy occur next; NAMES: only these.

    Calendars in each host's own time zone are shown for the policy's time zone.

    Example: patchops calendar --policy policy.yml --days 30 nights
    """
    now = datetime.now(timezone.utc)
    found = load_calendars(policy, now.date())
    unknown = [name for name in names if name not in found.named]
    if unknown:
        known = ", ".join(found.named) or "none"
        raise click.UsageError(f"{policy} has no calendar {', '.join(unknown)}; it has {known}.")
    try:
        zone = ZoneInfo(zone_name) if zone_name else found.zone
    except (OSError, ValueError, LookupError):
        raise click.UsageError(f"{zone_name!r} is no time zone; write for example Europe/Berlin.") from None
    timetable = Timetable(found.named, now, now + timedelta(days=days))
    wanted = names or list(found.named)
    rows = sorted(
        ((name, period) for name in wanted for period in timetable.periods(name, found.zone)),
        key=lambda row: (row[1].begin, row[1].end, row[0]),
    )
    if as_ical:
        click.echo(to_ical(rows, now), nl=False)
    elif as_json:
        click.echo(json.dumps([_document(name, period) for name, period in rows], indent=2))
    elif not rows:
        click.echo(f"Nothing within {days} days.")
    else:
        in_host_zone = {name for name in wanted if found.named[name].zone == HOST_ZONE}
        _print(rows, zone, in_host_zone)


def _document(name: str, period: Period) -> dict[str, Any]:
    return {
        "calendar": name,
        "from": f"{period.begin:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{period.end:%Y-%m-%dT%H:%M:%SZ}",
        "reason": period.reason,
    }


def _print(rows: Sequence[tuple[str, Period]], zone: ZoneInfo, in_host_zone: set[str]) -> None:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("calendar", "from", "until", "what"):
        shown.add_column(heading)
    for name, period in rows:
        note = "each host's own time" if name in in_host_zone else ""
        what = "; ".join(part for part in (plain(period.reason), note) if part)
        shown.add_row(name, _local(period.begin, zone), _local(period.end, zone), what)
    stdout_console().print(shown)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
