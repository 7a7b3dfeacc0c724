# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops compare`: a scanner's findings beside ours, with the reason for each difference."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners import SCANNERS
from patchops.assessment.comparison import AGREEMENTS, comparison, only, read_scans, shortfalls
from patchops.cli.host_choice import choose, host_options
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.text import plain

_WORDS = {"both": "both", "scanner_only": "scanner only", "ours_only": "ours only"}
_STYLES = {"scanner_only": "yellow", "ours_only": "red"}
_MOST = 50


@click.command()
@click.option(
    "--scanner",
    "scans",
    metavar="KIND:FILE",
    multiple=True,
    required=True,
    help=f"An export of a scanner (repeatable). KIND: {', '.join(sorted(SCANNERS))}.",
)
@click.option(
    "--only", "agreements", type=click.Choice(AGREEMENTS), multiple=True, help="Only these (repeatable)."
)
@host_options
@click.option("--db", metavar="FILE", type=click.Path(path_type=Path), help="The advisory database.")
@output_options
def compare(scans: Sequence[str], agreements: Sequence[str], **given: Any) -> None:
    """Join what vulnerability scanners found with our findings, CVE by CVE.

    Hosts are found by their name in the inventory, or their ansible_host, among the names and addresses that
    the scanner has. With one inventory file, an export that speaks of one host alone is taken to be of that
    one, unless --host names it.
    """
    query = compile_query(given["query"])
    files = [_scan(text) for text in scans]
    found = read_scans(files)
    for line in shortfalls(files):
        click.echo(plain(f"Not the whole scan: {line}."), err=True)
    data = data_directory(os.environ, os.geteuid())
    chosen = choose(given, data)
    same_host = chosen.single and given["host"] is None and len({one.hosts for one in found}) <= 1
    document = comparison(
        chosen.hosts,
        given["db"] or data.advisories,
        found,
        datetime.now(timezone.utc),
        same_host,
    )
    document = only(document, agreements)
    if given["as_json"] or query is not None:
        print_json(document, query)
    else:
        _print(Console(highlight=False), document)


def _scan(text: str) -> tuple[str, Path]:
    kind, colon, name = text.partition(":")
    if kind not in SCANNERS or not colon:
        raise InputError(
            f"--scanner {text!r} is not understood.",
            f"Write KIND:FILE, with one of {', '.join(sorted(SCANNERS))}.",
        )
    return kind, Path(name)


def _print(console: Console, document: Mapping[str, Any]) -> None:
    totals = document["totals"]
    console.print(
        Text(
            f"{totals['both']} seen by both, {totals['scanner_only']} by the scanner only, "
            f"{totals['ours_only']} by us only",
            style="bold",
        )
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "CVE", "package", "seen by", "our state", "why"):
        table.add_column(title, overflow="fold")
    rows = document["rows"]
    for row in rows[:_MOST]:
        table.add_row(
            Text(plain(row["host"], 80)),
            Text(row["cve"]),
            Text(plain(", ".join(row["packages"]), 80)),
            Text(_WORDS[row["agreement"]], style=_STYLES.get(row["agreement"], "")),
            Text(row["state"].replace("_", " ")),
            Text(plain("; ".join(reason["message"] for reason in row["reasons"]), 200)),
        )
    if rows:
        console.print(table)
    if len(rows) > _MOST:
        console.print(Text(f"and {len(rows) - _MOST} more: --json shows all"))
    if document["not_in_scan"]:
        console.print(Text(f"Not in the scan: {_names(document['not_in_scan'])}", style="yellow"))
    if document["not_ours"]:
        strangers = [" = ".join(one["names"]) for one in document["not_ours"]]
        console.print(Text(f"No host of ours: {_names(strangers)}", style="yellow"))


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(plain(name, 80) for name in names[:_MOST]) + more
