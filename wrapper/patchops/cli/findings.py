# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops findings` and `patchops export`.

The latest assessment, filtered, in the format that is wanted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of
from patchops.assessment.assess import findings_of, latest_assessment, policy_of
from patchops.assessment.findings_file import Assessed, FindingsFile
from patchops.assessment.hosts import scanned_hosts
from patchops.cli.assessment_view import print_findings, print_intelligence
from patchops.cli.options import output_options, policy_option
from patchops.cli.output import compile_query, print_json
from patchops.errors import InputError
from patchops.exports.cyclonedx import cyclonedx_document
from patchops.exports.openvex import openvex_document
from patchops.exports.table import findings_csv
from patchops.paths import data_directory
from patchops.store.documents import HostDocuments
from patchops.store.findings_filter import Found, Wanted, fits
from patchops.store.state import host_documents

_STATES = [
    "missing",
    "installed",
    "failed",
    "rejected",
    "waived",
    "mitigated",
    "no_fix",
    "unknown",
]
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_MOST = 100


def _filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        click.option("--from", "source", metavar="FILE", type=_FILE, help="Another findings document."),
        click.option("--exploited", is_flag=True, help="Only what is in CISA's KEV."),
        click.option("--overdue", is_flag=True, help="Only what is past its due date."),
        click.option(
            "--due-before",
            metavar="DAY",
            type=click.DateTime(["%Y-%m-%d"]),
            help="Only what is due before this day.",
        ),
        click.option("--state", type=click.Choice(_STATES), multiple=True, help="Only this state."),
        click.option("--package", metavar="GLOB", multiple=True, help="Only this package."),
        click.option("--advisory", metavar="GLOB", multiple=True, help="Only this advisory."),
        click.option("--cve", metavar="CVE", multiple=True, help="Only this CVE."),
        click.option("--host", metavar="GLOB", multiple=True, help="Only this host."),
    ):
        function = decorate(function)
    return function


@click.command()
@_filter_options
@output_options
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(0),
    help=f"Only the N most urgent; 0 for all. Default: {_MOST} in the table, all in JSON and CSV.",
)
def findings(
    as_csv: bool, as_json: bool, query: str | None, source: Path | None, most: int | None, **given: Any
) -> None:
    """Show findings of the latest assessment, most urgent first.

    Filters of one kind widen, of several narrow.
    """
    compiled = compile_query(query)
    if as_csv and (as_json or compiled is not None):
        raise InputError("--csv and --json exclude each other.", "Give one of them.")
    in_full = as_csv or as_json or compiled is not None
    limit = (None if in_full else _MOST) if most is None else most or None
    with _assessed(source) as assessed:
        found = assessed.ask(_wanted(**given), limit)
        if as_csv:
            click.echo(findings_csv(found.findings), nl=False)
        elif in_full:
            print_json({**(assessed.document() or {}), "findings": found.findings}, compiled)
        else:
            _show(assessed.head() or {}, found)


def _show(head: Mapping[str, Any], found: Found) -> None:
    console = Console(highlight=False)
    print_findings(console, found.findings, found.names)
    shown = len(found.findings)
    if shown < found.count:
        console.print(Text(f"and {found.count - shown} more: --most 0 shows all, --host and others narrow"))
    console.print(Text(f"{found.count} of {head['totals']['findings']} findings of {head['created_at']}"))
    print_intelligence(console, head)


@click.command()
@click.argument("kind", type=click.Choice(["cyclonedx-sbom", "cyclonedx-vdr", "openvex", "csv"]))
@_filter_options
@policy_option()
@click.option("--author", metavar="NAME", default="PatchOps", show_default=True, help="OpenVEX: who says it.")
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="Write there, not to stdout."
)
def export(
    kind: str, policy: Path | None, author: str, output: Path | None, source: Path | None, **given: Any
) -> None:
    """Write the latest assessment as CycloneDX, OpenVEX or CSV.

    CycloneDX speaks about one host: name it with --host. OpenVEX takes owners and ends of waivers from the
    policy.
    """
    with _assessed(source) as assessed:
        found = assessed.ask(_wanted(**given)).findings
        known, head = assessed.hosts(), assessed.head() or {}
    if kind == "csv":
        _write(findings_csv(found), output)
        return
    documents = host_documents(data_directory(os.environ, os.geteuid()))
    if kind == "openvex":
        systems = {
            host.facts.key: {key: host.document.get(key) for key in ("os", "package_manager")}
            for host in scanned_hosts(documents)
            if host.document is not None
        }
        made = openvex_document(found, systems, policy_of(policy).waivers, author, head["created_at"])
    else:
        host = _one_host(given["host"], known, documents)
        theirs = [finding for finding in found if key_of(finding) == key_of(host)]
        made = cyclonedx_document(host, theirs if kind == "cyclonedx-vdr" else None, now())
    _write(json.dumps(made, indent=2, ensure_ascii=True) + "\n", output)


def _wanted(
    host: Sequence[str],
    cve: Sequence[str],
    advisory: Sequence[str],
    package: Sequence[str],
    state: Sequence[str],
    due_before: datetime | None,
    overdue: bool,
    exploited: bool,
) -> Wanted:
    day = due_before.date().isoformat() if due_before else None
    return Wanted(host, cve, advisory, package, state, day, overdue, exploited)


@contextmanager
def _assessed(source: Path | None) -> Iterator[Assessed]:
    """The assessment that is asked: one of a file, or the latest."""
    if source is not None:
        yield FindingsFile(findings_of(source))
        return
    with latest_assessment(data_directory(os.environ, os.geteuid())) as findings:
        yield findings


def _one_host(
    patterns: Sequence[str], known: Sequence[HostKey], documents: HostDocuments
) -> Mapping[str, Any]:
    """The host document of the one assessed host that fits."""
    hosts = [host for host in known if patterns and fits(patterns, host.name, host.label)]
    if len(hosts) != 1:
        told = f" ({', '.join(sorted(host.label for host in hosts)[:5])})" if hosts else ""
        raise InputError(f"CycloneDX speaks about one host; {len(hosts)} fit{told}.", "Name one with --host.")
    found, why_missing = documents.of(hosts[0])
    if found is None:
        raise InputError(f"{hosts[0].name}: {why_missing}.", "Scan it first.")
    return {**found, "inventory": hosts[0].inventory}


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} can't be written: {error.strerror}.", "Name another file.") from None
