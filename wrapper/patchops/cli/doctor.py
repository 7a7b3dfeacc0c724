# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops doctor`: is this set-up fit to patch with?"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from patchops.cli.console import stdout_console
from patchops.cli.options import (
    PassThroughCommand,
    ansible_options,
    connection_options,
    inventory_options,
    output_options,
    passwords,
)
from patchops.cli.output import compile_query, print_json
from patchops.doctor.controller import SUBJECT, examine
from patchops.doctor.examine import Access, examine_hosts
from patchops.doctor.findings import Finding, Health
from patchops.errors import ExitCode
from patchops.paths import data_directory
from patchops.runner.environment import build, collections_root
from patchops.runs.ansible_options import read
from patchops.text import plain

_MARKS = {
    Health.OK: ("✓", "green"),
    Health.WARN: ("!", "yellow"),
    Health.FAIL: ("✗", "red"),
    Health.UNKNOWN: ("?", "dim"),
}


@click.command(cls=PassThroughCommand)
@inventory_options
@connection_options
@output_options
@click.pass_context
def doctor(ctx: click.Context, /, **given: Any) -> None:
    """Check the controller and every host: login, become, Python, packages, space, clocks, versions.

    Changes nothing but the hosts' package lists, which are read anew. Exits with 4 when something fails.
    """
    query = compile_query(given["query"])
    passed_through = read(ansible_options(ctx))
    asked = passwords(
        ask_pass=given["ask_pass"],
        connection_password_file=given["connection_password_file"],
        ask_become_pass=given["ask_become_pass"],
        become_password_file=given["become_password_file"],
        ask_vault_pass=given["ask_vault_pass"],
        vault_password_file=given["vault_password_file"],
    )
    data = data_directory(os.environ, os.geteuid())
    environment = build(os.environ, given["pass_env"], collections_root())
    findings = examine(data, environment)
    access = Access(asked.secrets, asked.vault_options, asked.connection_options, passed_through)
    findings += examine_hosts(given["inventories"], given["limit"] or "all", access, data, environment)
    if given["as_json"] or query is not None:
        print_json([dataclasses.asdict(each) | {"health": each.health.value} for each in findings], query)
    else:
        _print(findings)
    failed = any(finding.health is Health.FAIL for finding in findings)
    ctx.exit(int(ExitCode.HOSTS_FAILED if failed else ExitCode.DONE))


def _print(findings: Sequence[Finding]) -> None:
    console = stdout_console()
    subjects = dict.fromkeys(finding.subject for finding in findings)
    for subject in subjects:
        console.print(Text(plain(subject, 80), style="bold"))
        for finding in findings:
            if finding.subject == subject:
                _print_finding(console, finding)
    hosts = [subject for subject in subjects if subject != SUBJECT]
    sick = {finding.subject for finding in findings if finding.health is Health.FAIL} - {SUBJECT}
    console.print(Text(f"\n{len(hosts) - len(sick)} of {len(hosts)} hosts can be patched from here."))


def _print_finding(console: Console, finding: Finding) -> None:
    mark, style = _MARKS[finding.health]
    line = Text("  ").append(mark, style=style).append(f" {finding.check:<16} {finding.detail}")
    console.print(line, soft_wrap=True)
    if finding.remedy and finding.health is not Health.OK:
        console.print(Text(f"      -> {finding.remedy}"), soft_wrap=True)
