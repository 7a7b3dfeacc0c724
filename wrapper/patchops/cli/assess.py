# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops assess`: which advisories apply to which host, how urgent they are, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import Memory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import Assessment
from patchops.assessment.assess import assess as carry_out
from patchops.assessment.assess import due_ledger, keep, policy_of
from patchops.assessment.failures import failed_updates
from patchops.cli.host_choice import choose, host_options
from patchops.cli.options import output_options, policy_option
from patchops.cli.output import compile_query, print_json
from patchops.errors import ExitCode, InputError
from patchops.paths import DataDirectory, data_directory
from patchops.store.state import promised, run_owner


@click.command()
@host_options
@click.option(
    "--exposure", type=click.Choice(["exposed", "internal", "unknown"]), help="The exposure of that host."
)
@click.option(
    "--criticality",
    type=click.Choice(["low", "medium", "high", "critical", "unknown"]),
    help="The criticality of that host.",
)
@click.option("--db", metavar="FILE", type=click.Path(path_type=Path), help="The advisory database.")
@policy_option()
@click.option("--ledger", metavar="FILE", type=click.Path(path_type=Path), help="The memory of due dates.")
@click.option("--no-ledger", is_flag=True, help="Neither know nor keep earlier due dates.")
@click.option("--include-installed", is_flag=True, help="List also the fixes that are installed.")
@click.option("--patch-set", metavar="FILE", type=click.Path(path_type=Path), help="Write what is approved.")
@click.option(
    "--fail-on",
    type=click.Choice(["missing", "overdue", "unknown", "uncovered"]),
    multiple=True,
    help="Exit with 4 when a host lacks fixes, is overdue, can't be known, or has packages that no feed"
    " judges (repeatable).",
)
@output_options
@click.pass_context
def assess(ctx: click.Context, /, **given: Any) -> None:
    """Say for each host what is missing, exploited, due, without a fix, or can't be known.

    Works on what `patchops scan` stored, or on one inventory file of a host that is not reachable. Nothing is
    asked of any host.
    """
    query = compile_query(given["query"])
    policy = policy_of(given["policy"])
    data = data_directory(os.environ, os.geteuid())
    chosen = choose(given, data)
    assessment = carry_out(
        chosen.hosts,
        given["db"] or data.advisories,
        policy,
        datetime.now(timezone.utc),
        _memory(given, data, chosen.from_file),
        {} if chosen.from_file else failed_updates(data.store, run_owner(data)),
        given["include_installed"],
    )
    if not chosen.from_file:
        keep(assessment, data)
    if given["patch_set"] is not None:
        _write(given["patch_set"], assessment.patch_set)
    if given["as_json"] or query is not None:
        print_json(assessment.document, query)
    else:
        # Imported here: JSON needs no tables.
        from rich.console import Console

        from patchops.cli.assessment_view import print_assessment

        print_assessment(Console(highlight=False), assessment.document)
    ctx.exit(int(_verdict(assessment, given["fail_on"])))


def _memory(
    given: Mapping[str, Any], data: DataDirectory, offline: bool
) -> AbstractContextManager[Memory | None]:
    """The promised due dates: of a file where one is named, else those on record."""
    if given["ledger"] is not None and not given["no_ledger"]:
        return due_ledger(given["ledger"])
    # A file that is assessed now and then is nobody's host: it leaves no memory unless asked to.
    return nullcontext() if given["no_ledger"] or offline else promised(data)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}.", "Name another file.") from None


def _verdict(assessment: Assessment, fail_on: Sequence[str]) -> ExitCode:
    totals = assessment.document["totals"]
    found = {
        "missing": totals["not_compliant"],
        "overdue": totals["overdue"],
        "unknown": totals["not_fully_known"],
        "uncovered": totals["not_fully_judged"],
    }
    return ExitCode.HOSTS_FAILED if any(found[name] for name in fail_on) else ExitCode.DONE
