# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""However an option is written for ansible-playbook, it is read as ansible-playbook reads it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from patchops.errors import InputError
from patchops.runs.ansible_options import known, read

# Options of the command line as the installed ansible-core has them.
ASK = """
import json
from ansible.cli.playbook import PlaybookCLI
cli = PlaybookCLI(["ansible-playbook"])
cli.init_parser()
actions = cli.parser._actions
print(json.dumps({name: action.nargs != 0 for action in actions for name in action.option_strings}))
"""


def test_the_options_are_those_of_ansible_playbook() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=300
    )
    theirs = json.loads(asked.stdout)
    assert {name: known().get(name) for name in theirs} == theirs


@pytest.mark.parametrize(
    "options",
    [
        ["-e", "a=1"],
        ["-ea=1"],
        ["--extra-vars", "a=1"],
        ["--extra-vars=a=1"],
        ["--extra=a=1"],
        ["--ex", "a=1"],
        ["-vve", "a=1"],
        ["-bDea=1"],
        ["--forks", "5", "-e", "a=1", "-v"],
    ],
)
def test_variables_are_found_however_they_are_written(options: list[str]) -> None:
    passed = read(options)
    assert (passed.extra_vars, passed.options) == (("a=1",), tuple(options))


@pytest.mark.parametrize(
    "options",
    [
        ["-K"],
        ["--ask-pass"],
        ["--limit=web"],
        ["--lim", "web"],
        ["-lweb"],
        ["-vl", "web"],
        ["-i", "other"],
        ["-iother"],
        ["--inventory-file=other"],
        ["--inv=other"],
        ["--check"],
        ["--che"],
        ["-vC"],
        ["--list-h"],
        ["--version"],
        ["--vault-id", "prod@prompt"],
        ["--vault-id=prod@prompt"],
        ["--vault-i", "@prompt"],
        ["other.yml"],
        ["-e", "a=1", "b=2"],
    ],
)
def test_what_is_ours_would_prompt_or_would_run_something_else_is_refused(options: list[str]) -> None:
    with pytest.raises(InputError):
        read(["--forks", "5", *options])


def test_a_value_is_no_option() -> None:
    assert read(["-e", "mail=ops@prompt", "--user", "-"]).extra_vars == ("mail=ops@prompt",)


@pytest.mark.parametrize("options", [["-e"], ["--forks"], ["--ask"], ["--become-p", "x"]])
def test_what_ansible_could_not_read_either_is_refused_before_anything_starts(options: list[str]) -> None:
    with pytest.raises(InputError, match="can't be read as options of ansible-playbook"):
        read(options)


def test_an_option_of_a_newer_ansible_passes() -> None:
    assert read(["--brand-new"]).options == ("--brand-new",)


def test_vault_options_concern_the_inventory_too() -> None:
    passed = read(["--vault-id", "prod@/etc/vault", "--vault-pass-file=/etc/other"])
    assert passed.vault_options == ("--vault-id", "prod@/etc/vault", "--vault-password-file", "/etc/other")
