# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `patchops`: what can be said, and how errors become exit codes."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

import patchops
from patchops.cli.optional import LAB, load
from patchops.errors import ExitCode, PatchOpsError
from patchops.text import plain

# Imported when they are used: `patchops scan` need not wait for the code of the others.
_COMMANDS = {
    "scan": "patchops.cli.run:scan",
    "patch": "patchops.cli.run:patch",
    "verify": "patchops.cli.run:verify",
    "rollback": "patchops.cli.run:rollback",
    "reboot": "patchops.cli.run:reboot",
    "cleanup": "patchops.cli.run:cleanup",
    "assess": "patchops.cli.assess:assess",
    "findings": "patchops.cli.findings:findings",
    "cve": "patchops.cli.cve:cve",
    "coverage": "patchops.cli.coverage:coverage",
    "compare": "patchops.cli.compare:compare",
    "export": "patchops.cli.findings:export",
    "init": "patchops.cli.init:init",
    "policy": "patchops.cli.policy:policy",
    "plan": "patchops.cli.plan:plan",
    "calendar": "patchops.cli.calendar:calendar",
    "feeds": "patchops.cli.feeds:feeds",
    "status": "patchops.cli.status:status",
    "close": "patchops.cli.close:close",
    "report": "patchops.cli.report:report",
    "doctor": "patchops.cli.doctor:doctor",
}


class PatchOpsGroup(click.Group):
    """Commands by name, loaded on demand; every error leaves with its exit code and a remedy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS, LAB.name]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == LAB.name:
            return load(LAB)
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

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
        except Exception as error:
            if os.environ.get("PATCHOPS_TRACEBACK"):
                traceback.print_exc()
            _complain(
                f"Internal error, {type(error).__name__}: {error}",
                "A defect of PatchOps. Run it again with PATCHOPS_TRACEBACK=1 and report what it prints.",
            )
            return int(ExitCode.INTERNAL)
        return code if isinstance(code, int) else int(ExitCode.DONE)


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
