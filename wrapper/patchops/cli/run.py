# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops scan | patch | verify | rollback | reboot | cleanup`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import click
from rich.console import Console

from patchops.cli.console import stdout_console
from patchops.cli.options import (
    PassThroughCommand,
    ansible_options,
    connection_options,
    inventory_options,
    output_options,
    passwords,
    policy_option,
)
from patchops.cli.output import compile_query, print_json
from patchops.cli.progress import RunView
from patchops.cli.summary import print_summary
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.runner.cancellation import signals_request
from patchops.runs import conditions
from patchops.runs.execute import execute
from patchops.runs.finish import RunResult
from patchops.runs.patch_sets import locate_patch_set
from patchops.runs.request import CHANGING, RunRequest
from patchops.runs.signatures import check_patch_set, required_signers, variables_of
from patchops.text import plain

_F = TypeVar("_F", bound=Callable[..., Any])
_SERIAL = re.compile(r"[1-9][0-9]*%?")
_BUDGET = re.compile(r"[0-9]+|([0-9]|[1-9][0-9]|100)%")


def _run_options(function: _F) -> _F:
    """What every run takes."""
    for decorate in (
        output_options,
        click.option(
            "--deadline",
            metavar="SECONDS",
            type=click.FloatRange(min=1),
            help="End the playbook after this time; transactions go on on the hosts.",
        ),
        click.option(
            "--extra-vars",
            "-e",
            "extra_vars",
            metavar="VARS",
            multiple=True,
            help="As for ansible-playbook (repeatable).",
        ),
        connection_options,
        inventory_options,
    ):
        function = decorate(function)
    return function


def _take_over_option(function: _F) -> _F:
    """What a run takes that acts on hosts, or proves a change there."""
    return click.option(
        "--take-over",
        metavar="HOST",
        multiple=True,
        help="Act on this host although another run owns its change (repeatable; names, no patterns).",
    )(function)


@click.command(cls=PassThroughCommand)
@_run_options
@click.option(
    "--fail-on",
    type=click.Choice(["missing", "overdue"]),
    multiple=True,
    help="Exit with 4 when updates are pending, or past their due date (repeatable).",
)
@policy_option()
@click.pass_context
def scan(ctx: click.Context, /, fail_on: Sequence[str], policy: Path | None, **common: Any) -> None:
    """Ask every host what it is, what is installed, and what is pending. Changes nothing."""
    asked: list[conditions.Condition] = [conditions.missing] if "missing" in fail_on else []
    if "overdue" in fail_on:
        asked.append(
            conditions.overdue(
                common["inventories"],
                common["limit"] or "all",
                common["vault_password_file"],
                policy,
                data_directory(os.environ, os.geteuid()),
                common["inventory_name"],
            )
        )
    _carry_out(ctx, "scan", {}, common, asked)


@click.command(cls=PassThroughCommand)
@_run_options
@_take_over_option
@click.option("--select", type=click.Choice(["security", "all"]), help="Which pending updates to install.")
@click.option("--patch-set", metavar="FILE|ID", help="Install exactly a sealed patch set.")
@click.option(
    "--package", "packages", metavar="NAME[=VERSION]", multiple=True, help="Install this (repeatable)."
)
@policy_option()
@click.option("--serial", metavar="N[,N%...]", help="Sizes of the batches, such as 1,25%,100%.")
@click.option("--budget", metavar="N|N%", help="How many hosts may be lost before no further batch starts.")
@click.option("--reboot", type=click.Choice(["auto", "never", "always"]), help="When to reboot.")
@click.option("--seal/--no-seal", default=None, help="Write what was proven as a patch set.")
@click.option("--check", "-C", is_flag=True, help="Plan only; nothing on the hosts is changed.")
@click.option("--diff", "-D", is_flag=True, help="Show the plan as a difference.")
@click.pass_context
def patch(
    ctx: click.Context,
    /,
    select: str | None,
    patch_set: str | None,
    packages: Sequence[str],
    policy: Path | None,
    serial: str | None,
    budget: str | None,
    reboot: str | None,
    seal: bool | None,
    check: bool,
    diff: bool,
    **common: Any,
) -> None:
    """Install updates batch by batch, reboot and verify, and take back what fails.

    Wants --limit: a fleet is never patched by leaving something out. Without --select, --patch-set or
    --package, the inventory's variables say what is installed.
    """
    if sum(map(bool, (select, patch_set, packages))) > 1:
        raise InputError("--select, --patch-set and --package exclude one another.", "Give one of them.")
    variables: dict[str, object] = {}
    signers = required_signers(policy)
    if select or patch_set or packages:
        # All three, so that what the inventory says doesn't mix with what was said here.
        documents = data_directory(os.environ, os.geteuid()).documents
        file = locate_patch_set(patch_set, documents) if patch_set else None
        if file is not None:
            check_patch_set(file, signers)
        variables = {
            "patchops_select": select,
            "patchops_patch_set": str(file) if file is not None else None,
            "patchops_packages": list(packages),
        }
    if serial is not None:
        variables["patchops_serial"] = _batches(serial)
    if budget is not None:
        variables["patchops_failure_budget"] = _budget(budget)
    if reboot is not None:
        variables["patchops_reboot"] = reboot
    if seal is not None:
        variables["patchops_seal"] = seal
    _carry_out(ctx, "patch", variables, common, check=check, diff=diff, required=variables_of(signers))


@click.command(cls=PassThroughCommand)
@_run_options
@_take_over_option
@click.pass_context
def verify(ctx: click.Context, /, **common: Any) -> None:
    """Prove over a new connection that what was installed is in effect. Changes nothing."""
    _carry_out(ctx, "verify", {}, common)


@click.command(cls=PassThroughCommand)
@_run_options
@_take_over_option
@click.option("--transaction", metavar="ID", help="Take back this transaction; the newest one otherwise.")
@click.pass_context
def rollback(ctx: click.Context, /, transaction: str | None, **common: Any) -> None:
    """Put the packages of a transaction back to what they were, and verify. Wants --limit."""
    variables: dict[str, object] = {"patchops_transaction": transaction} if transaction else {}
    _carry_out(ctx, "rollback", variables, common)


@click.command(cls=PassThroughCommand)
@_run_options
@_take_over_option
@click.option("--always", is_flag=True, help="Reboot also hosts that don't ask for it.")
@click.option("--serial", metavar="N[,N%...]", help="Sizes of the batches.")
@click.pass_context
def reboot(ctx: click.Context, /, always: bool, serial: str | None, **common: Any) -> None:
    """Reboot hosts that need it, with proof that they came back. Wants --limit."""
    variables: dict[str, object] = {"patchops_reboot": "always" if always else "auto"}
    if serial is not None:
        variables["patchops_serial"] = _batches(serial)
    _carry_out(ctx, "reboot", variables, common)


@click.command(cls=PassThroughCommand)
@_run_options
@_take_over_option
@click.option("--transaction", metavar="ID", help="Only this transaction; all that are settled otherwise.")
@click.pass_context
def cleanup(ctx: click.Context, /, transaction: str | None, **common: Any) -> None:
    """Release the way back: commit transactions, unblock versions, free the space. Wants --limit."""
    variables: dict[str, object] = {"patchops_transaction": transaction} if transaction else {}
    _carry_out(ctx, "cleanup", variables, common)


def _carry_out(
    ctx: click.Context,
    playbook: str,
    variables: Mapping[str, object],
    common: Mapping[str, Any],
    pass_on: Sequence[conditions.Condition] = (),
    check: bool = False,
    diff: bool = False,
    required: Mapping[str, object] = MappingProxyType({}),
) -> None:
    query = compile_query(common["query"])
    as_json = common["as_json"] or query is not None
    pattern = _pattern(playbook, common["limit"])
    asked = passwords(
        ask_pass=common["ask_pass"],
        connection_password_file=common["connection_password_file"],
        ask_become_pass=common["ask_become_pass"],
        become_password_file=common["become_password_file"],
        ask_vault_pass=common["ask_vault_pass"],
        vault_password_file=common["vault_password_file"],
    )
    request = RunRequest(
        playbook=playbook,
        inventories=common["inventories"],
        pattern=pattern,
        variables=variables,
        check=check,
        diff=diff,
        extra_vars=common["extra_vars"],
        ansible_options=ansible_options(ctx),
        secrets=asked.secrets,
        vault_options=asked.vault_options,
        connection_options=asked.connection_options,
        pass_env=common["pass_env"],
        deadline_seconds=common["deadline"],
        working_directory=Path.cwd(),
        inventory_name=common["inventory_name"],
        take_over=_names(common.get("take_over", ())),
        required=required,
    )
    with RunView(Console(stderr=True, highlight=False), playbook) as view:
        result = execute(request, data_directory(os.environ, os.geteuid()), view, pass_on, signals_request)
    if as_json:
        print_json(result.document, query)
    else:
        _print_result(result)
    ctx.exit(int(result.verdict.exit_code))


def _print_result(result: RunResult) -> None:
    console = stdout_console()
    print_summary(console, result.report)
    click.echo()
    if result.verdict.reason:
        click.echo(plain(result.verdict.reason))
    if sealed := result.report.patch_set_id:
        click.echo(f"Sealed: {plain(sealed)}; promote exactly this with --patch-set {plain(sealed[:12])}")
    click.echo(f"Report: {result.page}")
    click.echo(f"Log:    {result.log}")


def _pattern(playbook: str, limit: str | None) -> str:
    if limit:
        return limit
    if playbook in CHANGING:
        raise InputError(
            f"`patchops {playbook}` wants to be told which hosts.",
            "Name them with --limit; `--limit all` means every host of the inventory.",
        )
    return "all"


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Names that were given one by one or with commas between them."""
    names = (name.strip() for one in given for name in one.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _batches(text: str) -> list[int | str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(_SERIAL.fullmatch(part) for part in parts):
        raise InputError(f"--serial {text!r} is no list of batch sizes.", "Write for instance 1,25%,100%.")
    return [part if part.endswith("%") else int(part) for part in parts]


def _budget(text: str) -> int | str:
    if not _BUDGET.fullmatch(text):
        raise InputError(
            f"--budget {text!r} is no failure budget.", "Write a number of hosts or a percentage."
        )
    return text if text.endswith("%") else int(text)
