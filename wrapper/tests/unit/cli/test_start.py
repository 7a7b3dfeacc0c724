# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command imports before it begins: modules that take long to import are left to who needs them."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest

from patchops.cli import main
from patchops.cli.commands import COMMANDS, GROUPS

SLOW = {"sqlalchemy", "alembic", "yaml", "rich", "icalendar", "jinja2", "jmespath", "ansible_runner"}


def imported_by(*arguments: str) -> set[str]:
    """The top-level modules that a command has imported when it ends."""
    code = (
        "import atexit, sys; from patchops.cli import main;"
        "atexit.register(lambda: print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr));"
        "main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stderr.split())


def test_help_imports_no_command() -> None:
    assert imported_by("--help") & SLOW == set()


@pytest.mark.parametrize("command", ["assess", "findings", "cve"])
def test_commands_that_answer_from_files_import_no_database_toolkit(command: str) -> None:
    assert imported_by(command, "--help") & {"sqlalchemy", "alembic", "icalendar", "ansible_runner"} == set()


def test_assess_imports_neither_tables_nor_yaml_before_they_are_needed() -> None:
    assert imported_by("assess", "--help") & SLOW == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_name_in_the_help_is_a_command(name: str) -> None:
    module, _, attribute = COMMANDS[name].place.partition(":")

    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)


def test_each_command_is_in_one_group() -> None:
    assert sum(len(group) for group in GROUPS.values()) == len(COMMANDS)
    assert main.list_commands(click.Context(main)) == [*COMMANDS, "lab"]
