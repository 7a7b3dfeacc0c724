# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops cve`: who has it, who is fixed, who can't be known."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, labels
from patchops.assessment.assess import verdicts
from patchops.cli.host_choice import choose, host_options
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.text import plain

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z")
_MOST = 20
ANSWERS = {
    "has_it": "have it",
    "not_effective": "have the fix installed, but not in effect",
    "fixed": "are fixed",
    "not_affected": "are not affected",
    "unknown": "can't be known",
}


@click.command()
@click.argument("name", metavar="CVE")
@host_options
@click.option("--db", metavar="FILE", type=click.Path(path_type=Path), help="The advisory database.")
@output_options
def cve(name: str, db: Path | None, as_json: bool, query: str | None, **given: Any) -> None:
    """Say who has a CVE, who is fixed, and who can't be known, by the last scan of each host.

    An inventory file, or a folder of SBOMs, is asked in place of the hosts that were scanned.
    """
    compiled = compile_query(query)
    if not _CVE.match(name.upper()):
        raise InputError(f"{name!r} is no CVE id.", "Write it like CVE-2026-1234.")
    data = data_directory(os.environ, os.geteuid())
    hosts = choose(given, data).hosts
    found = verdicts(
        hosts,
        db or data.advisories,
        name.upper(),
        datetime.now(timezone.utc),
    )
    document = answer(name.upper(), found)
    if as_json or compiled is not None:
        print_json(document, compiled)
    else:
        _print(document)


def answer(name: str, found: Mapping[HostKey, Mapping[str, Any]]) -> dict[str, Any]:
    """The hosts by answer, and every host's verdict: {cve, has_it: [...], ..., hosts: {...}}.

    A host is known by its name, and by NAME@INVENTORY where another one has that name too.
    """
    names = labels(found)
    by_name = {names[host]: verdict for host, verdict in found.items()}
    document: dict[str, Any] = {"cve": name, **{key: [] for key in ANSWERS}}
    for host, verdict in sorted(by_name.items()):
        document[_answer_of(verdict)].append(host)
    document["hosts"] = {host: dict(verdict) for host, verdict in sorted(by_name.items())}
    return document


def _answer_of(verdict: Mapping[str, Any]) -> str:
    state = verdict["state"]
    if state in ("unknown", "not_affected"):
        return str(state)
    if state == "installed":
        return "fixed" if verdict.get("effective") == "yes" else "not_effective"
    return "has_it"


def _print(document: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(Text(document["cve"], style="bold"))
    for key, words in ANSWERS.items():
        hosts = document[key]
        if not hosts:
            continue
        console.print(Text(f"{len(hosts)} {words}", style="bold"))
        for host in hosts[:_MOST]:
            verdict = document["hosts"][host]
            reasons = "; ".join(reason["message"] for reason in verdict["reasons"])
            console.print(Text(f"  {plain(host, 120)}  {plain(reasons, 200)}"), soft_wrap=True)
        if len(hosts) > _MOST:
            console.print(Text(f"  and {len(hosts) - _MOST} more: --json shows all"))
