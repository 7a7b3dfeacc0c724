# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `patchops`: what can be said, and how errors become exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

import patchops
from patchops.cli.commands import COMMANDS, GROUPS
from patchops.cli.optional import LAB, help_line, load
from patchops.errors import ExitCode, PatchOpsError, remedy_for
from patchops.text import plain


class PatchOpsGroup(click.Group):
    """Commands by name, loaded on demand; every error leaves with its exit code and a remedy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, LAB.name]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == LAB.name:
            return load(LAB)
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name, named.summary) for name, named in commands.items()])
        with formatter.section("Try things"):
            formatter.write_dl([(LAB.name, help_line(LAB))])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._exit_code(args, prog_name, complete_var, **extra))

    def _exit_code(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except PatchOpsError as error:
            _complain(error.message, error.remedy, error.details)
            return int(error.exit_code)
        except click.ClickException as error:
            error.show()
            return int(ExitCode.INPUT)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            return int(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python must not complain when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return int(ExitCode.DONE)
        except OSError as error:
            if (remedy := remedy_for(error)) is None:
                return _defect(error)
            where = f": {error.filename}" if error.filename else ""
            _complain(f"{error.strerror}{where}. The command ended there.", remedy)
            return int(ExitCode.INTERNAL)
        except Exception as error:
            return _defect(error)
        return code if isinstance(code, int) else int(ExitCode.DONE)


def _defect(error: Exception) -> int:
    if os.environ.get("PATCHOPS_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    _complain(
        f"Internal error, {type(error).__name__}: {error}",
        "A defect of PatchOps. Run it again with PATCHOPS_TRACEBACK=1 and report what it prints.",
    )
    return int(ExitCode.INTERNAL)


def _complain(message: str, remedy: str, details: Sequence[str] = ()) -> None:
    click.echo(click.style("Error: ", fg="red", bold=True) + plain(message), err=True)
    for line in details:
        click.echo(f"  {plain(line)}", err=True)
    if remedy:
        click.echo(f"  {plain(remedy)}", err=True)


@click.group(
    cls=PatchOpsGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(patchops.__version__, prog_name="patchops")
def main() -> None:
    """Patch fleets with Ansible: prove an update on a few hosts, promote exactly that, take back what is bad.

    Exit codes: 0 done, 1 internal error, 2 bad input, 3 stopped by a gate, 4 hosts failed or unreachable,
    5 outcome unknown, 130 interrupted.
    """
