# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops close`: end an interrupted run that nobody takes up again."""

from __future__ import annotations

import datetime
import os

import click

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import this_worker
from patchops.paths import data_directory
from patchops.runs.ending import close as close_run
from patchops.store.database import open_state
from patchops.text import plain

_MOST_NAMED = 20


@click.command()
@click.argument("run_id")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for those who read it later.")
def close(run_id: str, reason: str) -> None:
    """End an interrupted run that nobody takes up again. Asks no host and changes none.

    The next run on its hosts is one of its own then. What the run left on the hosts stays as it is.
    """
    data = data_directory(os.environ, os.geteuid())
    data.make()
    engine = open_state(data)
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    try:
        left = close_run(engine, run_id, plain(reason), this_worker(), now)
    finally:
        engine.dispose()
    click.echo(f"Run {run_id} is closed.")
    if left:
        more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
        click.echo(f"It left unfinished: {plain(', '.join(left[:_MOST_NAMED]))}{more}.")
        click.echo(
            "Transactions there stay as they are: `patchops verify` looks at them, `patchops patch` goes on, "
            "`patchops rollback` takes them back."
        )
