# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that another distribution brings: found by their entry point, or named with what to install."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import NamedTuple

import click

from patchops.errors import InputError

GROUP = "patchops.commands"


class Optional(NamedTuple):
    """A command, what it is for, and the distribution that brings it."""

    name: str
    purpose: str
    distribution: str


LAB = Optional("lab", "Make real test hosts on this machine.", "patchops-lab")


def load(optional: Optional) -> click.Command:
    """Return the command; without its distribution one that says what to install."""
    found = entry_points(group=GROUP, name=optional.name)
    if not found:
        return _missing(optional)
    command: click.Command = next(iter(found)).load()
    return command


def help_line(optional: Optional) -> str:
    """The line of `--help`, without loading the command."""
    found = entry_points(group=GROUP, name=optional.name)
    return optional.purpose if found else f"Not installed; comes with {optional.distribution}."


def _missing(optional: Optional) -> click.Command:
    def refuse() -> None:
        raise InputError(
            f"`patchops {optional.name}` is not installed here; it comes with {optional.distribution}.",
            f"Install it: pip install {optional.distribution} (in a checkout: pip install ./lab).",
        )

    return click.Command(
        optional.name,
        callback=refuse,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED, expose_value=False)],
        help=optional.purpose,
        short_help=help_line(optional),
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
