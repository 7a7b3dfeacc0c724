# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops policy`: check a policy file, and take statements of others over as waivers."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import click
import yaml

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import SCHEMA_FILE
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Limits, Waiver, faults
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.openvex import (
    Responsibility,
    VexError,
    from_document,
)
from patchops.cli.policy_check import check
from patchops.errors import InputError
from patchops.text import plain

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def policy() -> None:
    """Check a policy, and take VEX statements over as waivers."""


policy.add_command(check)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    click.echo(SCHEMA_FILE.read_text(encoding="utf-8"), nl=False)


@policy.command()
@click.argument("file", type=_FILE)
@click.option("--owner", metavar="NAME", help="Who owns the risk of statements made by others.")
@click.option("--approver", metavar="NAME", help="Who approves them; another person.")
@click.option("--until", metavar="DAY", type=_DAY, help="Until when they are accepted.")
def from_vex(file: Path, owner: str | None, approver: str | None, until: datetime | None) -> None:
    """Print the waivers of an OpenVEX FILE as entries for a policy.

    What PatchOps exported comes back unchanged. A `not_affected` of somebody else becomes a mitigation, when
    owner, approver and end are named.
    """
    today = datetime.now(timezone.utc).date()
    responsibility = None
    if owner and approver and until:
        responsibility = Responsibility(owner, approver, today, until.date())
    elif owner or approver or until:
        raise InputError("Owner, approver and end belong together.", "Give --owner, --approver and --until.")
    try:
        waivers, skipped = from_document(json.loads(file.read_bytes()), responsibility)
    except (VexError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: {error}") from None
    for line in skipped:
        click.echo(f"{file}: {plain(line)}", err=True)
    for waiver in waivers:
        for place, what, remedy in faults(waiver, Limits()):
            click.echo(f"{file}: waiver {plain(waiver.id)}: {place}: {plain(what)}; {remedy}", err=True)
    entries = {"waivers": {"entries": [_entry(waiver) for waiver in waivers]}}
    click.echo(yaml.safe_dump(entries, sort_keys=False, allow_unicode=False), nl=False)


def _entry(waiver: Waiver) -> dict[str, Any]:
    """A waiver as a policy file has it."""
    scope = {
        "hosts": list(waiver.scope.hosts),
        "packages": list(waiver.scope.packages),
        "cves": list(waiver.scope.cves),
        "advisories": list(waiver.scope.advisories),
        "products": list(waiver.scope.products),
    }
    entry = {
        "id": waiver.id,
        "state": waiver.state,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "reason": waiver.reason,
        "control": waiver.control,
        "evidence": waiver.evidence,
        "scope": {part: names for part, names in scope.items() if names},
        "granted": _day(waiver.granted),
        "until": _day(waiver.until),
        "renewals": [
            {"approver": renewal.approver, "at": _day(renewal.at), "until": _day(renewal.until)}
            for renewal in waiver.renewals
        ],
    }
    return {key: value for key, value in entry.items() if value}


def _day(day: date) -> str:
    return day.isoformat()
