# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops assess`: which advisories apply to which host, how urgent they are, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import Assessment, HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from patchops.assessment.assess import assess as carry_out
from patchops.assessment.assess import keep, policy_of
from patchops.assessment.failures import failed_updates
from patchops.assessment.hosts import facts_of, inventory_facts, scanned_hosts, was_scanned, with_documents
from patchops.cli.assessment_view import print_assessment
from patchops.cli.options import output_options
from patchops.cli.output import compile_query, print_json
from patchops.errors import ExitCode, InputError
from patchops.paths import DataDirectory, data_directory

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_KINDS = {
    "dpkg_status": "dpkg-status",
    "rpm_list": "rpm-list",
    "apk_installed": "apk-installed",
}


@click.command()
@click.option(
    "--inventory",
    "-i",
    "inventories",
    metavar="INVENTORY",
    multiple=True,
    envvar="PATCHOPS_INVENTORY",
    help="Assess the hosts of this inventory by their last scan (repeatable); without it all scanned hosts.",
)
@click.option("--limit", "-l", metavar="PATTERN", help="Hosts or groups of the inventory.")
@click.option("--vault-password-file", metavar="FILE", type=_FILE, multiple=True, help="Vault password file.")
@click.option("--dpkg-status", metavar="FILE", type=_FILE, help="Assess a dpkg status file instead.")
@click.option("--rpm-list", metavar="FILE", type=_FILE, help="Assess the output of rpm -qa instead.")
@click.option("--apk-installed", metavar="FILE", type=_FILE, help="Assess an apk database instead.")
@click.option("--sbom", metavar="FILE", type=_FILE, help="Assess a CycloneDX or SPDX document instead.")
@click.option("--os-release", metavar="FILE", type=_FILE, help="The os-release of that inventory file.")
@click.option("--host", metavar="NAME", help="The name of that host (default: the file's name).")
@click.option(
    "--exposure", type=click.Choice(["exposed", "internal", "unknown"]), help="The exposure of that host."
)
@click.option(
    "--criticality",
    type=click.Choice(["low", "medium", "high", "critical", "unknown"]),
    help="The criticality of that host.",
)
@click.option("--db", metavar="FILE", type=click.Path(path_type=Path), help="The advisory database.")
@click.option("--policy", metavar="FILE", type=_FILE, envvar="PATCHOPS_POLICY", help="The policy file.")
@click.option("--ledger", metavar="FILE", type=click.Path(path_type=Path), help="The memory of due dates.")
@click.option("--no-ledger", is_flag=True, help="Neither know nor keep earlier due dates.")
@click.option("--include-installed", is_flag=True, help="List also the fixes that are installed.")
@click.option("--patch-set", metavar="FILE", type=click.Path(path_type=Path), help="Write what is approved.")
@click.option(
    "--fail-on",
    type=click.Choice(["missing", "overdue", "unknown"]),
    multiple=True,
    help="Exit with 4 when a host lacks fixes, is overdue, or can't be known (repeatable).",
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
    offline = _offline_host(given)
    hosts: Iterable[HostInput] = [offline] if offline else _scanned(given, data)
    assessment = carry_out(
        hosts,
        given["db"] or data.root / "advisories.sqlite3",
        policy,
        datetime.now(timezone.utc),
        _ledger(given, data, bool(offline)),
        {} if offline else failed_updates(data.documents),
        given["include_installed"],
    )
    if offline is None:
        keep(assessment, data)
    if given["patch_set"] is not None:
        _write(given["patch_set"], assessment.patch_set)
    if given["as_json"] or query is not None:
        print_json(assessment.document, query)
    else:
        print_assessment(Console(highlight=False), assessment.document)
    ctx.exit(int(_verdict(assessment, given["fail_on"])))


def _scanned(given: Mapping[str, Any], data: DataDirectory) -> Iterable[HostInput]:
    for option in ("os_release", "host", "exposure", "criticality"):
        if given[option] is not None:
            name = option.replace("_", "-")
            raise InputError(
                f"--{name} belongs to an inventory file.",
                "Give --dpkg-status, --rpm-list, --apk-installed or --sbom, or leave it out.",
            )
    if given["inventories"]:
        vault = [str(path) for path in given["vault_password_file"]]
        return with_documents(inventory_facts(given["inventories"], given["limit"], vault), data.documents)
    if given["limit"]:
        raise InputError("--limit needs an inventory.", "Name it with -i.")
    if not was_scanned(data.documents):
        raise InputError(
            f"No host was ever scanned into {data.documents}.",
            "Run `patchops scan -i INVENTORY`, or assess an inventory file, for instance with --dpkg-status.",
        )
    return scanned_hosts(data.documents)


def _offline_host(given: Mapping[str, Any]) -> HostInput | None:
    files = {kind: given[option] for option, kind in _KINDS.items() if given[option] is not None}
    if given["sbom"] is not None:
        files[_sbom_kind(given["sbom"])] = given["sbom"]
    if not files:
        return None
    if len(files) > 1 or given["inventories"]:
        raise InputError("Several inventories are given.", "Assess one file at a time, without -i.")
    [(kind, path)] = files.items()
    name = given["host"] or path.name
    try:
        document = read_inventory(kind, path, given["os_release"], name)
    except FeedError as error:
        raise InputError(str(error)) from None
    variables = {"patchops_exposure": given["exposure"], "patchops_criticality": given["criticality"]}
    return HostInput(facts_of(name, [], variables), document)


def _sbom_kind(path: Path) -> str:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}", "Give a CycloneDX or SPDX document.") from None
    known = {"bomFormat": "cyclonedx", "spdxVersion": "spdx"}
    for key, kind in known.items():
        if isinstance(document, dict) and key in document:
            return kind
    raise InputError(f"{path} is neither CycloneDX nor SPDX.", "Convert it to one of them as JSON.")


def _ledger(given: Mapping[str, Any], data: DataDirectory, offline: bool) -> Path | None:
    if given["no_ledger"]:
        return None
    named: Path | None = given["ledger"]
    # A file that is assessed now and then is nobody's host: it leaves no memory unless asked to.
    return named or (None if offline else data.root / "ledger.sqlite3")


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
    }
    return ExitCode.HOSTS_FAILED if any(found[name] for name in fail_on) else ExitCode.DONE
