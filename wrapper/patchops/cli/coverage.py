# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops coverage`: which packages no feed covers, and whether KEV is current."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from patchops.assessment.assess import findings_of, latest_assessment
from patchops.cli.assessment_view import judged_of, print_intelligence
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.errors import ExitCode
from patchops.paths import data_directory
from patchops.text import plain

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_MOST = 25


@click.command()
@click.option("--host", metavar="GLOB", multiple=True, help="Only this host.")
@click.option("--from", "source", metavar="FILE", type=_FILE, help="Another findings document.")
@click.option(
    "--fail-on",
    type=click.Choice(["uncovered", "kev"]),
    multiple=True,
    help="Exit with 4 when a package is not judged, or KEV is not current (repeatable).",
)
@output_options
@click.pass_context
def coverage(
    ctx: click.Context,
    host: tuple[str, ...],
    source: Path | None,
    fail_on: tuple[str, ...],
    as_json: bool,
    query: str | None,
) -> None:
    """Say which packages no feed covers, by which feeds the others are judged, and whether KEV is current.

    Works on the latest assessment. What the policy has under judged_elsewhere is counted beside.
    """
    compiled = compile_query(query)
    if source:
        document = findings_of(source)
    else:
        with latest_assessment(data_directory(os.environ, os.geteuid())) as findings:
            document = findings.document() or {}
    found = answer(document, host)
    if as_json or compiled is not None:
        print_json(found, compiled)
    else:
        _print(found)
    failed = {"uncovered": bool(_open(found["uncovered"])), "kev": not found["kev_is_current"]}
    ctx.exit(int(ExitCode.HOSTS_FAILED if any(failed[one] for one in fail_on) else ExitCode.DONE))


def answer(document: Mapping[str, Any], patterns: Sequence[str] = ()) -> dict[str, Any]:
    """{kev_is_current, intelligence, uncovered, hosts}: what no feed covers, once an origin and package."""
    hosts = [
        {"host": row["host"], **row["coverage"]}
        for row in document.get("hosts") or [document]
        if not patterns or any(fnmatchcase(row["host"], pattern) for pattern in patterns)
    ]
    known = document.get("intelligence") or {}
    return {
        "created_at": document["created_at"],
        "kev_is_current": known.get("kev", {}).get("status") == "current",
        "intelligence": known,
        "uncovered": _uncovered(hosts),
        "hosts": hosts,
    }


def _uncovered(hosts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """{origin, package, hosts, accepted} of what no feed judges; accepted: the policy's entry, or None."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for host in hosts:
        for row in host["uncovered"]:
            accepted = row.get("accepted")
            key = (row["origin"], row["package"], accepted or "")
            empty = {"origin": row["origin"], "package": row["package"], "hosts": [], "accepted": accepted}
            found.setdefault(key, empty)["hosts"].append(host["host"])
    return [found[key] for key in sorted(found)]


def _open(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["accepted"] is None]


def _print(found: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    current = found["kev_is_current"]
    console.print(
        Text(f"KEV is {'' if current else 'not '}current", style="bold" if current else "bold yellow")
    )
    print_intelligence(console, found)
    console.print(_hosts(found["hosts"]))
    rows = found["uncovered"]
    if not rows:
        console.print(Text("\nA feed covers every package of these hosts", style="bold"))
        return
    console.print(Text("\nPackages that no feed covers", style="bold"))
    console.print(_packages(rows))


def _hosts(hosts: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "judged", "by", "not known because"):
        table.add_column(title, overflow="fold")
    for host in hosts[:_MOST]:
        by = "; ".join(
            f"{row['repository'] or 'the release'}: {', '.join(row['feeds']) or 'no feed'}"
            f" ({row['packages']})"
            for row in host.get("judges") or ()
        )
        why = "; ".join(reason["message"] for reason in host["reasons"])
        table.add_row(
            Text(plain(host["host"], 80)),
            Text(judged_of(host)),
            Text(plain(by, 300)),
            Text(plain(why, 200)),
        )
    if len(hosts) > _MOST:
        table.add_row(Text(f"and {len(hosts) - _MOST} more: --json shows all"))
    return table


def _packages(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("origin", "packages", "judged elsewhere", "hosts"):
        table.add_column(title, overflow="fold")
    origins: dict[tuple[str, str], tuple[list[str], set[str]]] = {}
    for row in rows:
        names, hosts = origins.setdefault((row["origin"], row["accepted"] or "no"), ([], set()))
        names.append(row["package"])
        hosts.update(row["hosts"])
    for (origin, accepted), (names, hosts) in origins.items():
        table.add_row(
            Text(plain(origin, 80)),
            Text(plain(", ".join(names), 400)),
            Text(plain(accepted, 60)),
            Text(plain(", ".join(sorted(hosts)), 120)),
        )
    return table
