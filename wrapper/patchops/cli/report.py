# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops report`: what a run answered, and where its page is."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from patchops.cli.console import stdout_console
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.cli.summary import print_summary
from patchops.errors import InputError
from patchops.paths import DataDirectory, data_directory
from patchops.reports.model import read_report
from patchops.store.database import name_of, open_state
from patchops.store.queries import find_run


@click.command()
@click.argument("run", required=False)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@click.option("--path", "only_path", is_flag=True, help="Print only the path of the page.")
@output_options
def report(run: str | None, opens: bool, only_path: bool, as_json: bool, query: str | None) -> None:
    """Show the report of RUN (the newest one otherwise) and the path of its page."""
    compiled = compile_query(query)
    data = data_directory(os.environ, os.geteuid())
    run_id = _find(data, run)
    path, page = data.report(run_id), data.page(run_id)
    document = _read(path, run_id)
    if as_json or compiled is not None:
        print_json(document, compiled)
    elif only_path:
        click.echo(str(page))
    else:
        print_summary(stdout_console(), read_report(document, str(path)))
        click.echo(f"\nReport: {page}")
    if opens:
        click.launch(page.as_uri())


def _find(data: DataDirectory, run: str | None) -> str:
    data.make()
    engine = open_state(data)
    found = find_run(engine, run)
    engine.dispose()
    if found is None:
        raise InputError(
            f"No run {run!r} is on record in {name_of(data)}."
            if run
            else f"Nothing ran yet (looked in {data.root}).",
            "`patchops status` lists the runs.",
        )
    return found.run_id


def _read(path: os.PathLike[str], run_id: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            document: dict[str, Any] = json.load(file)
    except FileNotFoundError as error:
        raise InputError(
            f"Run {run_id} has no report: it is still going on, or its end was cut off.",
            "Run the same command again; it takes the run up where it was left.",
        ) from error
    return document
