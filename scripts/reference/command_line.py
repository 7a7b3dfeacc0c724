# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrapper's page: every command's own help, as click prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from patchops.cli import main


def command_line() -> str:
    """Return the help of `patchops` and of each command below it."""
    parts = ["# The command `patchops`"]
    for path, text in _helps(main, click.Context(main, info_name="patchops", terminal_width=100)):
        parts += [f"## `{path}`", f"```text\n{text.rstrip()}\n```"]
    return "\n\n".join(parts)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _helps(
                    child, click.Context(child, info_name=name, parent=context, terminal_width=100)
                )
