# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops calendar`: the coming occurrences of a policy's calendars."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
from patchops.policy.model import RolloutPolicy
from patchops.policy.rollouts import load_rollout_policy
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
    found = load_rollout_policy(policy, now.date())
    unknown = [name for name in names if name not in found.calendars]
    if unknown:
        known = ", ".join(found.calendars) or "none"
        raise click.UsageError(f"{policy} has no calendar {', '.join(unknown)}; it has {known}.")
    try:
        zone = ZoneInfo(zone_name) if zone_name else found.zone
    except (OSError, ValueError, LookupError):
        raise click.UsageError(f"{zone_name!r} is no time zone; write for example Europe/Berlin.") from None
    timetable = Timetable(dict(found.calendars), now, now + timedelta(days=days))
    wanted = names or list(found.calendars)
    rows = sorted(
        ((name, period) for name in wanted for period in timetable.periods(name, found.zone)),
        key=lambda row: (row[1].begin, row[1].end, row[0]),
    )
    if as_ical:
        click.echo(to_ical(rows, now), nl=False)
    elif as_json:
        documents = [{**_document(name, period), "used_as": _uses(found, name)} for name, period in rows]
        click.echo(json.dumps(documents, indent=2))
    elif not rows:
        click.echo(f"Nothing within {days} days.")
    else:
        _print(rows, zone, {name: _notes(found, name) for name in wanted})


def _document(name: str, period: Period) -> dict[str, Any]:
    return {
        "calendar": name,
        "from": f"{period.begin:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{period.end:%Y-%m-%dT%H:%M:%SZ}",
        "reason": period.reason,
    }


def _uses(policy: RolloutPolicy, name: str) -> list[str]:
    """Return what the cycles of a policy use a calendar for."""
    return [
        f"{use} {cycle.name}"
        for cycle in policy.cycles.values()
        for use, names in (
            ("starts", (cycle.starts,)),
            ("window of", cycle.windows),
            ("freeze of", cycle.freezes),
        )
        if name in names
    ]


def _notes(policy: RolloutPolicy, name: str) -> list[str]:
    in_host_zone = policy.calendars[name].zone == HOST_ZONE
    return [*_uses(policy, name), *(["each host's own time"] if in_host_zone else [])]


def _print(rows: Sequence[tuple[str, Period]], zone: ZoneInfo, notes: Mapping[str, Sequence[str]]) -> None:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("calendar", "from", "until", "what"):
        shown.add_column(heading)
    for name, period in rows:
        what = "; ".join(part for part in (plain(period.reason), *notes[name]) if part)
        shown.add_row(name, _local(period.begin, zone), _local(period.end, zone), what)
    stdout_console().print(shown)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
