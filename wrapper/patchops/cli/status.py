# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops status`: the fleet as last seen, and the last runs."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, labels
from patchops.cli.console import stdout_console
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.store.database import name_of, open_state
from patchops.store.queries import HostStatus, RunStatus, fleet, last_runs
from patchops.text import plain


@click.command()
@click.argument("host", required=False)
@click.option(
    "--runs", "limit", metavar="N", type=click.IntRange(1, 1000), default=10, help="How many runs to show."
)
@output_options
def status(host: str | None, limit: int, as_json: bool, query: str | None) -> None:
    """Show the fleet as last seen, and the last runs; with HOST only what is about that host."""
    compiled = compile_query(query)
    data = data_directory(os.environ, os.geteuid())
    data.make()
    engine = open_state(data)
    hosts = fleet(engine, host)
    runs = last_runs(engine, limit, host)
    engine.dispose()
    if host is not None and not hosts:
        raise InputError(
            f"No host {host!r} is on record in {name_of(data)}.", "`patchops scan` puts hosts there."
        )
    if as_json or compiled is not None:
        print_json({"hosts": [_row(each) for each in hosts], "runs": [_row(each) for each in runs]}, compiled)
        return
    console = stdout_console()
    if not runs:
        console.print(
            Text(f"Nothing ran yet (looked in {data.root}). Begin with `patchops scan -i INVENTORY`.")
        )
        return
    console.print(_hosts_table(hosts))
    console.print()
    console.print(_runs_table(runs))


def _hosts_table(hosts: Sequence[HostStatus]) -> Table:
    names = labels(HostKey(host.inventory, host.name) for host in hosts)
    table = _table("host", "system", "pending", "reboot", "in effect", "transaction", "last", "seen")
    for host in hosts:
        cells = (
            names[HostKey(host.inventory, host.name)],
            host.os or "?",
            _pending(host),
            {True: "required", False: "no", None: "?"}[host.reboot_required],
            host.effective or "?",
            host.transaction_state or "",
            f"{host.last_playbook} {host.last_class}" if host.last_run else "",
            _moment(host.seen_at),
        )
        table.add_row(*(Text(plain(cell, 120)) for cell in cells))
    return table


def _pending(host: HostStatus) -> str:
    if host.pending_total is None:
        return "?"
    if host.security_source not in (None, "ok"):
        return f"{host.pending_total} (security unknown: source {host.security_source})"
    return f"{host.pending_total} ({host.pending_security} security)"


def _runs_table(runs: Sequence[RunStatus]) -> Table:
    table = _table("run", "on", "hosts", "status", "exit", "attempts", "started", "why")
    for run in runs:
        cells = (
            run.run_id,
            run.pattern,
            str(run.hosts),
            run.status + (" (check)" if run.check_mode else ""),
            "" if run.exit_code is None else str(run.exit_code),
            str(run.attempts),
            _moment(run.started_at),
            run.reason,
        )
        table.add_row(*(Text(plain(cell, 120)) for cell in cells))
    return table


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(titles[0], no_wrap=True)
    for title in titles[1:]:
        table.add_column(title, overflow="fold")
    return table


def _moment(value: datetime.datetime | None) -> str:
    return "never" if value is None else value.strftime("%Y-%m-%d %H:%M UTC")


def _row(value: HostStatus | RunStatus) -> dict[str, object]:
    return {
        name: each.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(each, datetime.datetime) else each
        for name, each in dataclasses.asdict(value).items()
    }
