# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from patchops.errors import InputError
from patchops.runner.secrets import Secret

_F = TypeVar("_F", bound=Callable[..., Any])
_ANSIBLE_OPTIONS = "patchops.ansible_options"

_FILE = click.Path(exists=True, dir_okay=False, readable=True, resolve_path=True)
_OPTION_CONNECTION = "--connection-password-file"
_OPTION_BECOME = "--become-password-file"
_OPTION_VAULT = "--vault-password-file"


class PassThroughCommand(click.Command):
    """A command where everything after `--` belongs to ansible-playbook."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            cut = args.index("--")
            ctx.meta[_ANSIBLE_OPTIONS] = args[cut + 1 :]
            args = args[:cut]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- ANSIBLE-PLAYBOOK OPTIONS]"]


def ansible_options(ctx: click.Context) -> tuple[str, ...]:
    """What the user gave after `--`."""
    return tuple(ctx.meta.get(_ANSIBLE_OPTIONS, ()))


@dataclass(frozen=True)
class Passwords:
    """Passwords that were asked for, and the options that name files with the others."""

    secrets: tuple[Secret, ...]
    vault_options: tuple[str, ...]
    connection_options: tuple[str, ...]


def inventory_name_option(function: _F) -> _F:
    """`--inventory-name`."""
    return click.option(
        "--inventory-name",
        metavar="NAME",
        envvar="PATCHOPS_INVENTORY_NAME",
        help="What the inventory is known by (default: its variable patchops_inventory, else its path).",
    )(function)


def policy_option(*names: str, required: bool = False) -> Callable[[_F], _F]:
    """`--policy`, and other `names` for it: a file, or a folder of files."""
    return click.option(
        "--policy",
        *names,
        metavar="PATH",
        type=click.Path(exists=True, readable=True, path_type=Path),
        required=required,
        envvar="PATCHOPS_POLICY",
        help="The policy: a file, or a folder of files.",
    )


def inventory_options(function: _F) -> _F:
    """`-i`, `--inventory-name` and `--limit`."""
    function = inventory_name_option(function)
    function = click.option(
        "--limit",
        "-l",
        "limit",
        metavar="PATTERN",
        help="Hosts or groups of the inventory, as Ansible writes it.",
    )(function)
    return click.option(
        "--inventory",
        "-i",
        "inventories",
        metavar="INVENTORY",
        multiple=True,
        required=True,
        envvar="PATCHOPS_INVENTORY",
        help="Inventory file or folder, or names with a comma (repeatable).",
    )(function)


def connection_options(function: _F) -> _F:
    """Passwords by prompt or file, and environment variables to pass on."""
    for decorate in (
        click.option(
            "--pass-env",
            metavar="NAME",
            multiple=True,
            help="Pass this variable of the environment to Ansible (repeatable).",
        ),
        click.option(
            "--vault-password-file", metavar="FILE", type=_FILE, multiple=True, help="Vault password file."
        ),
        click.option("--ask-vault-pass", "-J", is_flag=True, help="Ask for the vault password."),
        click.option(
            "--become-password-file", metavar="FILE", type=_FILE, help="File with the sudo password."
        ),
        click.option("--ask-become-pass", "-K", is_flag=True, help="Ask for the sudo password."),
        click.option(
            "--connection-password-file", metavar="FILE", type=_FILE, help="File with the ssh password."
        ),
        click.option("--ask-pass", "-k", is_flag=True, help="Ask for the ssh password."),
    ):
        function = decorate(function)
    return function


def output_options(function: _F) -> _F:
    """`--json` and `--query`."""
    function = click.option(
        "--query", metavar="JMESPATH", help="Print only this part of the JSON document; implies --json."
    )(function)
    return click.option("--json", "as_json", is_flag=True, help="Print only the JSON document on stdout.")(
        function
    )


def passwords(
    *,
    ask_pass: bool,
    connection_password_file: str | None,
    ask_become_pass: bool,
    become_password_file: str | None,
    ask_vault_pass: bool,
    vault_password_file: Sequence[str],
) -> Passwords:
    """Ask for what was asked to be asked.

    An empty sudo password means: the same as for ssh, as Ansible has it.
    """
    for asks, file, name in (
        (ask_pass, connection_password_file, "--ask-pass and --connection-password-file"),
        (ask_become_pass, become_password_file, "--ask-become-pass and --become-password-file"),
        (ask_vault_pass, vault_password_file, "--ask-vault-pass and --vault-password-file"),
    ):
        if asks and file:
            raise InputError(f"{name} exclude each other.", "Give one of them.")
    secrets = []
    ssh = ""
    if ask_pass:
        ssh = _prompt("SSH password")
        secrets.append(Secret(_OPTION_CONNECTION, ssh))
    if ask_become_pass:
        text = "BECOME password" + (" [same as SSH]" if ask_pass else "")
        secrets.append(Secret(_OPTION_BECOME, _prompt(text, default=ssh)))
    if ask_vault_pass:
        secrets.append(Secret(_OPTION_VAULT, _prompt("Vault password")))
    files = []
    if connection_password_file:
        files += [_OPTION_CONNECTION, connection_password_file]
    if become_password_file:
        files += [_OPTION_BECOME, become_password_file]
    vault = [part for path in vault_password_file for part in (_OPTION_VAULT, str(Path(path)))]
    return Passwords(tuple(secrets), tuple(vault), tuple(files))


def _prompt(text: str, default: str = "") -> str:
    answer: str = click.prompt(text, default=default, hide_input=True, show_default=False, err=True)
    if not answer:
        raise InputError(f"The {text} is empty.", "Nothing was started.")
    return answer
