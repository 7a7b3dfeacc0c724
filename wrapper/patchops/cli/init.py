# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops init`: a first policy for an inventory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from patchops.cli.options import inventory_name_option
from patchops.errors import InputError
from patchops.paths import data_directory
from patchops.policy.inventory_check import Inventories, look_at_hosts
from patchops.policy.rollouts import examine
from patchops.policy.starter import starter
from patchops.runner.inventory import absolute_sources
from patchops.runner.listing import list_inventory


@click.command()
@click.option(
    "--inventory",
    "-i",
    "inventories",
    metavar="INVENTORY",
    multiple=True,
    required=True,
    envvar="PATCHOPS_INVENTORY",
    help="Inventory file or folder (repeatable).",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("policy.yml"),
    show_default=True,
    help="Write the policy there.",
)
@click.option(
    "--vault-password-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, resolve_path=True),
    multiple=True,
    help="Vault password file.",
)
@inventory_name_option
def init(
    inventories: Sequence[str], output: Path, vault_password_file: Sequence[str], inventory_name: str | None
) -> None:
    """Write a first policy for an inventory, with comments: rings guessed from its groups, a monthly cycle.

    What is written passes `patchops policy check`. A file that exists is left as it is.
    """
    if any("," in source for source in inventories):
        raise InputError("A list of host names is no inventory of a policy.", "Write an inventory file.")
    sources = absolute_sources(inventories)
    listing = list_inventory(sources, None, vault_password_file)
    if not listing.groups:
        raise InputError(
            f"{', '.join(inventories)} has no hosts.", "`ansible-inventory -i INVENTORY --graph` shows them."
        )
    reached = [_reached(Path(source), output.absolute().parent) for source in sources]
    _write(output, starter(reached, _local_zone(), listing.groups, listing.variables))
    try:
        _check(output, Inventories((), tuple(vault_password_file), inventory_name))
    except BaseException:
        output.unlink()
        raise
    click.echo(f"{output} written. Read it, change it, and check it: patchops policy check {output}")


def _reached(source: Path, folder: Path) -> str:
    return str(source.relative_to(folder)) if source.is_relative_to(folder) else str(source)


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(
            f"{output} exists already; it is left as it is.", "Name another file with --output."
        ) from None
    except OSError as error:
        raise InputError(f"{output}: {error.strerror}.", "Name another file with --output.") from error


def _check(output: Path, inventories: Inventories) -> None:
    """Refuse what `policy check` would: then the inventory itself has a mistake."""
    now = datetime.now(timezone.utc)
    examined = examine(output, now.date())
    looked = look_at_hosts(examined, inventories, data_directory(os.environ, os.geteuid()), now)
    examined.refuse(*looked.problems)


def _local_zone() -> str:
    """Return the time zone of this machine by name; UTC where it has none."""
    target = os.path.realpath("/etc/localtime")
    for name in (os.environ.get("TZ", "").removeprefix(":"), target.partition("/zoneinfo/")[2]):
        try:
            if name:
                return ZoneInfo(name).key
        except (OSError, ValueError, LookupError):
            continue
    return "UTC"
