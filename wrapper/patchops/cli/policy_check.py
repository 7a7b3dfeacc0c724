# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops policy check`: every mistake of a policy at once, and what its cycles mean for the hosts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import click
from rich.table import Table

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import build
from patchops.calendars.occurrences import Timetable
from patchops.cli.console import stdout_console
from patchops.cli.options import inventory_name_option
from patchops.paths import data_directory
from patchops.policy.inventory_check import Inventories, Looked, look_at_hosts
from patchops.policy.model import Cycle, RolloutPolicy
from patchops.policy.part import shown
from patchops.policy.placement import Placement, Standing
from patchops.policy.rollouts import Examined, examine
from patchops.policy.worst_case import worst_case
from patchops.text import plain

_AHEAD = timedelta(days=400)


@click.command()
@click.argument("policy", metavar="PATH", type=click.Path(exists=True, readable=True, path_type=Path))
@click.option(
    "--inventory",
    "-i",
    "inventories",
    metavar="INVENTORY",
    multiple=True,
    help="Look at this inventory (repeatable), not at those that the policy names.",
)
@click.option("--no-inventory", is_flag=True, help="Look at the policy alone; ask no inventory.")
@click.option(
    "--vault-password-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, resolve_path=True),
    multiple=True,
    help="Vault password file.",
)
@inventory_name_option
def check(
    policy: Path,
    inventories: Sequence[str],
    no_inventory: bool,
    vault_password_file: Sequence[str],
    inventory_name: str | None,
) -> None:
    """Check a policy as a whole: a file, or a folder of files.

    Says every mistake with file, line and remedy, and ends with 2 when there is one. The hosts of the
    inventories that its cycles name are asked of Ansible: which ring each is in, and how many hosts a ring
    can lose at worst. No host is asked.
    """
    if no_inventory and inventories:
        raise click.UsageError("--no-inventory and --inventory contradict each other.")
    now = datetime.now(timezone.utc)
    examined = examine(policy, now.date())
    looked = Looked({}, (), ())
    if not no_inventory and examined.policy.cycles:
        chosen = Inventories(tuple(inventories), tuple(vault_password_file), inventory_name)
        looked = look_at_hosts(examined, chosen, data_directory(os.environ, os.geteuid()), now)
    examined.refuse(*looked.problems)
    _print_summary(policy, examined, now)
    for cycle in examined.policy.cycles.values():
        _print_cycle(cycle, examined.policy, looked.placements.get(cycle.name), now)
    for warning in (*examined.warnings, *looked.warnings):
        click.echo(click.style("Warning: ", fg="yellow") + plain(examined.text.told(warning)))


def _print_summary(path: Path, examined: Examined, now: datetime) -> None:
    found = build(examined.text.data, examined.text.name)
    click.echo(f"{path}: {len(found.rules)} rules, {len(found.waivers)} waivers, {len(found.acts)} acts")
    for rule in found.rules:
        click.echo(f"  due dates: {plain(rule.name)}" + (f" ({rule.note})" if rule.note else ""))
    if examined.policy.calendars:
        click.echo(f"  calendars: {', '.join(map(plain, examined.policy.calendars))}")
    if found.signers is not None:
        click.echo(f"  patch sets: only with a signature that {plain(found.signers.allowed)} allows")
    for waiver in found.waivers:
        if waiver.expired(now.date()):
            click.echo(f"  expired: waiver {plain(waiver.id)} on {waiver.ends.isoformat()}")


def _print_cycle(cycle: Cycle, policy: RolloutPolicy, placement: Placement | None, now: datetime) -> None:
    starts = "started by hand"
    if cycle.starts is not None:
        coming = Timetable(dict(policy.calendars), now, now + _AHEAD).periods(cycle.starts, policy.zone)
        first = next((period.begin for period in coming if period.begin > now), None)
        starts = f"starts by {cycle.starts}"
        if first is not None:
            starts += f", next {first.astimezone(policy.zone):%a %Y-%m-%d %H:%M %Z}"
    ends = f", ends {shown(cycle.deadline)} after its start" if cycle.deadline else ""
    click.echo(f"  cycle {cycle.name}: {starts}{ends}")
    if placement is not None:
        _print_rings(cycle, placement)


def _print_rings(cycle: Cycle, placement: Placement) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("    ring")
    for heading in ("hosts", "counted", "batch", "in flight", "budget", "lost at worst"):
        table.add_column(heading, justify="right")
    table.add_column("soak")
    for ring in cycle.rings:
        worst = worst_case(ring, placement.of(ring.name, Standing.COUNTABLE))
        numbers = (worst.membership, worst.batch, worst.in_flight, worst.budget, worst.lost)
        table.add_row(
            f"    {ring.name}", str(len(placement.of(ring.name))), *map(str, numbers), shown(ring.soak)
        )
    stdout_console().print(table)
    for standing in Standing:
        hosts = [host for host in placement.hosts if host.standing is standing]
        if hosts and standing is not Standing.COUNTABLE:
            reasons = sorted({host.reason for host in hosts})
            more = f" and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
            names = ", ".join(plain(host.key.name) for host in hosts[:5])
            names += f" and {len(hosts) - 5} more" if len(hosts) > 5 else ""
            click.echo(f"    {standing.value}: {names} ({plain(reasons[0])}{more})")
