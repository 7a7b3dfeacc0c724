# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops plan`: who gets what, when and why, before anything happens."""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from ansible_collections.patchops.fleet.plugins.plugin_utils.durations import parse_duration
from patchops.assessment.assess import latest_assessment
from patchops.cli.console import stdout_console
from patchops.cli.options import inventory_name_option, policy_option
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.policy.fleet import Fleet, survey
from patchops.policy.model import Approval, Cycle, RolloutPolicy
from patchops.policy.part import shown
from patchops.policy.placement import Placement, Standing
from patchops.policy.rollouts import examine
from patchops.rollout.emergency import Reach, emergency, reach
from patchops.rollout.plan import OPEN, CyclePlan, Late, late, missed_hosts, plan_cycle
from patchops.rollout.simulate import Assumptions, Course, Durations, simulate
from patchops.rollout.states import HostState, Status
from patchops.store.findings_filter import Wanted
from patchops.text import plain

_LATE_APPROVAL: Final = timedelta(days=2)
_PLAYED: Final = timedelta(days=400)
_SHOWN: Final = 10
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z")


@click.command()
@click.argument("cycle")
@policy_option("-p", required=True)
@click.option(
    "--inventory",
    "-i",
    "inventories",
    metavar="INVENTORY",
    multiple=True,
    help="Use this inventory (repeatable), not the one that the policy names.",
)
@inventory_name_option
@click.option(
    "--vault-password-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, resolve_path=True),
    multiple=True,
    help="Vault password file.",
)
@click.option("--at", "at", metavar="TIME", help="Plan a start at this time (ISO 8601), not the next one.")
@click.option("--simulate", "play", is_flag=True, help="Play the rollout forward: when each ring ends.")
@click.option(
    "--approval-after",
    metavar="DURATION",
    default="4h",
    show_default=True,
    help="With --simulate: how long an approval takes.",
)
@click.option("--seed", type=int, default=0, help="With --simulate: draws other measured durations.")
@click.option(
    "--cve", "cves", metavar="CVE", multiple=True, help="Emergency: only what fixes this CVE (repeatable)."
)
@click.option("--soak", metavar="DURATION", help="Emergency: no ring soaks longer, for example 15m.")
@click.option("--ignore-freeze", metavar="REASON", help="Emergency: plan through freezes; say why.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
def plan(
    cycle: str,
    policy: Path,
    inventories: Sequence[str],
    inventory_name: str | None,
    vault_password_file: Sequence[str],
    at: str | None,
    play: bool,
    approval_after: str,
    seed: int,
    cves: Sequence[str],
    soak: str | None,
    ignore_freeze: str | None,
    as_json: bool,
) -> None:
    """Print what the rollout of a CYCLE would do: its rings, batches, windows and gates.

    No host is asked: the inventory is read, and the last scans.

    Example: patchops plan monthly --policy policy.yml --simulate
    """
    now = datetime.now(timezone.utc)
    examined = examine(policy, now.date())
    examined.refuse()
    found = examined.policy.cycles.get(cycle)
    if found is None:
        known = ", ".join(examined.policy.cycles) or "none"
        raise InputError(f"{policy} has no cycle {cycle!r}; it has {known}.", "Name one of them.")
    found = emergency(found, _checked(cves), None if soak is None else _span("--soak", soak))
    fleet = survey(
        tuple(inventories) or tuple(map(str, examined.policy.inventories[found.inventory].sources)),
        [found],
        data_directory(os.environ, os.geteuid()),
        tuple(vault_password_file),
        inventory_name,
    )
    placement = fleet.place(found, examined.policy)
    examined.refuse(
        *(
            replace(problem, place=".".join(filter(None, ("cycles", cycle, problem.place))))
            for problem in placement.mistakes
        )
    )
    by_hand = at is not None or bool(cves) or ignore_freeze is not None
    starts = _moment(at, examined.policy.zone) or (now if by_hand else None)
    requester = getpass.getuser() if by_hand else ""
    planned = plan_cycle(
        examined.policy, found, placement, now, starts, requester, ignore_freezes=ignore_freeze is not None
    )
    courses = _courses(planned, fleet, _span("--approval-after", approval_after), seed) if play else []
    told = _known(placement, planned, courses, cves) if cves or courses else Known()
    if as_json:
        click.echo(json.dumps(_document(planned, courses, told, ignore_freeze), indent=2))
        return
    _print_plan(planned, examined.policy)
    if ignore_freeze is not None:
        click.echo(f"  freezes are ignored: {plain(ignore_freeze)}")
    if cves:
        _print_reach(told.reach)
    if courses:
        _print_courses(planned, courses, examined.policy.zone)
        _print_late(told)


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--at {text!r} is not a time; write for example 2026-12-11T20:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc)


def _span(option: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}.") from None


def _checked(cves: Sequence[str]) -> tuple[str, ...]:
    for cve in cves:
        if not _CVE.match(cve):
            raise click.UsageError(f"--cve {cve!r} is no CVE id; write for example CVE-2026-1234.")
    return tuple(cves)


def _courses(planned: CyclePlan, fleet: Fleet, approval: timedelta, seed: int) -> list[Course]:
    """Return the course as assumed, and one with late approvals where the cycle has any."""
    durations = Durations(change=fleet.patches) if fleet.patches else Durations()
    until = planned.starts + _PLAYED
    delays = [approval]
    if any(isinstance(planned.cycle.gates[name], Approval) for ring in planned.rings for name in ring.gates):
        delays.append(approval + _LATE_APPROVAL)
    return [simulate(planned.view, until, durations, Assumptions(approval=delay), seed) for delay in delays]


def _print_plan(planned: CyclePlan, policy: RolloutPolicy) -> None:
    cycle, zone = planned.cycle, policy.zone
    click.echo(f"{plain(cycle.name)}: {plain(cycle.hosts)}, installs {_installs(cycle)}")
    why = "by hand" if planned.by_hand else f"by {cycle.starts}"
    click.echo(f"  starts {_local(planned.starts, zone)} ({why})")
    if cycle.deadline is not None and planned.deadline is not None:
        click.echo(f"  nothing begins after {_local(planned.deadline, zone)}, {shown(cycle.deadline)} later")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("  ring")
    table.add_column("hosts", justify="right")
    for heading in ("batches", "in flight", "lost at worst", "soak", "first window", "gates"):
        table.add_column(heading)
    for ring in planned.rings:
        window = _local(ring.first_window, zone) if ring.first_window else "none before the deadline"
        table.add_row(
            f"  {ring.name}",
            str(ring.hosts),
            _sizes(ring.batches),
            str(ring.worst.in_flight),
            f"{ring.worst.lost} ({ring.worst.budget} + in flight)",
            shown(ring.soak),
            window if ring.hosts else "",
            ", ".join(ring.gates),
        )
    stdout_console().print(table)
    first = planned.rings[0].name
    for ring in planned.rings[1:]:
        for platform, number in ring.unproven.items():
            click.echo(
                f"  not patched: {number} of {plain(ring.name)} ({plain(platform)}): "
                f"no host of {plain(first)} proves it"
            )
    _print_others(planned)


def _print_others(planned: CyclePlan) -> None:
    for standing, hosts in planned.others.items():
        if not hosts:
            continue
        names = ", ".join(plain(host.key.name) for host in hosts[:5])
        more = f" and {len(hosts) - 5} more" if len(hosts) > 5 else ""
        reasons = "; ".join(sorted({plain(host.reason) for host in hosts})[:2])
        what = {
            Standing.STRAGGLER: "tried when seen",
            Standing.INTERMITTENT: "tried, counted once touched",
            Standing.EXCLUDED: "not patched",
            Standing.REFUSED: "not patched",
        }[standing]
        click.echo(f"  {what}: {names}{more} ({reasons})")


def _print_courses(planned: CyclePlan, courses: Sequence[Course], zone: ZoneInfo) -> None:
    click.echo("Played forward:")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("  ring", "begins", "patched", "done"):
        table.add_column(heading)
    for ring, times in zip(planned.rings, courses[0].rings, strict=True):
        moments = (times.begins, times.soaks, times.done)
        table.add_row(f"  {ring.name}", *(_local(one, zone) if one else "never" for one in moments))
    stdout_console().print(table)
    click.echo(f"  {_end(courses[0], zone)}")
    for course in courses[1:]:
        cost = _cost(courses[0], course)
        click.echo(f"  approvals {shown(_LATE_APPROVAL)} later: {_end(course, zone)}{cost}")


def _print_reach(found: Reach | None) -> None:
    if found is None:
        click.echo("  how many hosts it fixes is not known: there is no assessment")
        return
    hosts = "1 host" if found.fixed == 1 else f"{found.fixed} hosts"
    click.echo(f"  fixes {hosts}, as the latest assessment says")
    for reason, number in found.not_fixed.items():
        click.echo(f"  does not fix {number}: {plain(reason)}")


@dataclass(frozen=True)
class Known:
    """What the latest assessment says about a plan; None where there is no assessment.

    `late` has one list for each course; `not_assessed` counts hosts of which the assessment knows nothing.
    """

    reach: Reach | None = None
    late: Sequence[Sequence[Late]] | None = None
    not_assessed: int = 0


def _known(placement: Placement, planned: CyclePlan, courses: Sequence[Course], cves: Sequence[str]) -> Known:
    try:
        with latest_assessment(data_directory(os.environ, os.geteuid())) as latest:
            assessed = frozenset(latest.hosts())
            concerned = latest.ask(Wanted(cves=cves)).findings if cves else []
            due = latest.ask(Wanted(states=OPEN)).findings if courses else []
    except InputError as error:
        click.echo(f"Findings and due dates are not known: {error.message} {error.remedy}", err=True)
        return Known()
    return Known(
        reach(cves, placement, concerned, assessed),
        [late(planned, course, placement, due) for course in courses],
        sum(host.key not in assessed for host in placement.hosts),
    )


def _print_late(known: Known) -> None:
    if known.late is None:
        return
    if known.not_assessed:
        click.echo(f"  due dates of {known.not_assessed} hosts are not known: no assessment holds them")
    for number, found in enumerate(known.late):
        if not found:
            continue
        title = "due dates that are missed" if number == 0 else "with late approvals"
        click.echo(f"  {title}: {len(found)}")
        for one in found[:_SHOWN]:
            hosts = "1 host" if one.hosts == 1 else f"{one.hosts} hosts"
            click.echo(f"    {plain(one.what)}, due {one.due.isoformat()}: {hosts} of {plain(one.ring)}")
        if len(found) > _SHOWN:
            click.echo(f"    and {len(found) - _SHOWN} more")


def _end(course: Course, zone: ZoneInfo) -> str:
    missed = missed_hosts(course)
    left = f"; {missed} hosts are left unpatched" if missed else ""
    if course.ends is not None:
        return f"ends {_local(course.ends, zone)}{left}"
    if course.view is not None and course.view.status is Status.HALTED:
        return f"halts {_local(course.view.now, zone)}: {plain(course.view.reason)}{left}"
    return f"does not end within {shown(_PLAYED)}{left}"


def _cost(course: Course, other: Course) -> str:
    if course.ends is None or other.ends is None:
        return ""
    return f" ({shown(other.ends - course.ends)} later)" if other.ends > course.ends else " (no later)"


def _installs(cycle: Cycle) -> str:
    if cycle.install.cves:
        return "what fixes " + ", ".join(cycle.install.cves)
    if cycle.install.packages:
        return ", ".join(map(plain, cycle.install.packages))
    return {
        "baseline": "what the baseline approves",
        "security": "security updates",
        "all": "every update",
    }[cycle.install.kind]


def _sizes(batches: Sequence[int]) -> str:
    if len(batches) <= 4:
        return " + ".join(map(str, batches))
    return f"{' + '.join(map(str, batches[:3]))} + ... ({len(batches)} batches)"


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _document(
    planned: CyclePlan, courses: Sequence[Course], known: Known, ignore_freeze: str | None
) -> dict[str, Any]:
    return {
        "kind": "patchops.plan",
        "schema": 1,
        "cycle": planned.cycle.name,
        "starts": _utc(planned.starts),
        "deadline": _utc(planned.deadline),
        "rings": [
            {
                "name": ring.name,
                "hosts": ring.hosts,
                "platforms": ring.platforms,
                "batches": ring.batches,
                "in_flight": ring.worst.in_flight,
                "max_failures": ring.worst.budget,
                "lost_at_worst": ring.worst.lost,
                "first_window": _utc(ring.first_window),
                "gates": ring.gates,
                "unproven": ring.unproven if number else {},
            }
            for number, ring in enumerate(planned.rings)
        ],
        "others": {
            standing.value: [{"host": host.key.name, "reason": host.reason} for host in hosts]
            for standing, hosts in planned.others.items()
        },
        "courses": [
            {
                "ends": _utc(course.ends),
                "reason": course.view.reason if course.view else "",
                "unpatched": missed_hosts(course),
                "effective": sum(
                    course.view.hosts(ring).get(HostState.EFFECTIVE, 0) for ring in range(len(planned.rings))
                )
                if course.view
                else 0,
                "rings": [
                    {"begins": _utc(one.begins), "patched": _utc(one.soaks), "done": _utc(one.done)}
                    for one in course.rings
                ],
                "late": None
                if known.late is None
                else [
                    {"ring": one.ring, "due": one.due.isoformat(), "what": one.what, "hosts": one.hosts}
                    for one in known.late[number]
                ],
            }
            for number, course in enumerate(courses)
        ],
        "not_assessed": known.not_assessed,
        "freezes_ignored": ignore_freeze,
        "fixes": None
        if known.reach is None
        else {"hosts": known.reach.fixed, "not": dict(known.reach.not_fixed)},
    }
