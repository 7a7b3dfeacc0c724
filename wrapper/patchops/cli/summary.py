# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run on a terminal: the answers first, then a table, then where the rest is."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from patchops.reports.answers import Answers, Tone, answer, why
from patchops.reports.model import HostReport, Report
from patchops.text import plain

_STYLES = {Tone.GOOD: "green", Tone.NEUTRAL: "", Tone.WARN: "yellow", Tone.BAD: "red"}
_MOST_CHANGES = 12


def print_summary(console: Console, report: Report) -> None:
    """Print what `report` answers.

    Everything that came from a host is neutralised and never read as markup.
    """
    answers = answer(report)
    console.print()
    console.print(Text(plain(answers.headline), style=f"bold {_STYLES[answers.tone]}".strip()))
    if answers.remark:
        console.print(Text(plain(answers.remark)))
    if report.hosts:
        console.print(_hosts_table(answers, report))
    _print_remedies(console, answers)
    _print_changes(console, answers)
    _print_lasting(console, answers)


def _hosts_table(answers: Answers, report: Report) -> Table:
    scanning = report.playbook == "scan"
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "outcome", "pending", "security" if scanning else "changes", "why"):
        table.add_column(title, overflow="fold")
    for group in answers.groups:
        for host in group.hosts:
            table.add_row(
                Text(plain(host.host, 80)),
                Text(group.title, style=_STYLES[group.tone]),
                Text(_number(host.pending_total)),
                Text(_number(host.pending_security) if scanning else str(len(host.changes) or "")),
                Text(_why(host, group.tone)),
            )
    return table


def _why(host: HostReport, tone: Tone) -> str:
    return "" if tone is Tone.GOOD else plain(why(host), 300)


def _print_remedies(console: Console, answers: Answers) -> None:
    remedies: dict[str, list[str]] = {}
    for host in (host for group in answers.attention for host in group.hosts):
        if host.remedy:
            remedies.setdefault(host.remedy, []).append(host.host)
    if remedies:
        console.print(Text("\nWhat to do", style="bold"))
    for remedy, hosts in remedies.items():
        console.print(Text(f"  {plain(', '.join(hosts), 120)}: {plain(remedy, 300)}"))


def _print_changes(console: Console, answers: Answers) -> None:
    if not answers.changes:
        return
    console.print(Text(f"\n{answers.changes_title}", style="bold"))
    for item in answers.changes[:_MOST_CHANGES]:
        change = item.change
        before, after = plain(change.before, 80) or "not installed", plain(change.after, 80) or "removed"
        hosts = plain(", ".join(item.hosts), 120)
        console.print(Text(f"  {plain(change.name, 80)}  {before} -> {after}  on {hosts}"), soft_wrap=True)
    if len(answers.changes) > _MOST_CHANGES:
        console.print(Text(f"  and {len(answers.changes) - _MOST_CHANGES} more in the report"))


def _print_lasting(console: Console, answers: Answers) -> None:
    if not answers.lasting:
        return
    console.print(Text("\nWhat packages don't take back", style="bold"))
    for item in answers.lasting[:_MOST_CHANGES]:
        hosts, reason = plain(", ".join(item.hosts), 120), plain(item.package.reason, 200)
        way_back = plain(item.package.way_back, 20)
        console.print(
            Text(f"  {plain(item.package.name, 80)} ({way_back})  on {hosts}: {reason}"), soft_wrap=True
        )
    if len(answers.lasting) > _MOST_CHANGES:
        console.print(Text(f"  and {len(answers.lasting) - _MOST_CHANGES} more in the report"))


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
