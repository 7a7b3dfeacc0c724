# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user passes through to ansible-playbook, read as ansible-playbook reads it. Pure.

An option can be written in many ways (`-e X`, `-eX`, `--extra-vars=X`, `--extra X`, `-vve X`), and what is on
record of a run has to hold for each of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from patchops.errors import InputError

# Options of ansible-playbook; a test compares them with those of the installed one.
_WITH_VALUE = (
    ("-i", "--inventory", "--inventory-file"),
    ("-l", "--limit"),
    ("-e", "--extra-vars"),
    ("-t", "--tags"),
    ("--skip-tags",),
    ("--start-at-task",),
    ("-f", "--forks"),
    ("-M", "--module-path"),
    ("--private-key", "--key-file"),
    ("-u", "--user"),
    ("-c", "--connection"),
    ("-T", "--timeout"),
    ("--ssh-common-args",),
    ("--sftp-extra-args",),
    ("--scp-extra-args",),
    ("--ssh-extra-args",),
    ("--become-method",),
    ("--become-user",),
    ("--connection-password-file", "--conn-pass-file"),
    ("--become-password-file", "--become-pass-file"),
    ("--vault-id",),
    ("--vault-password-file", "--vault-pass-file"),
)
_FLAGS = (
    ("-h", "--help"),
    ("--version",),
    ("-v", "--verbose"),
    ("-C", "--check"),
    ("-D", "--diff"),
    ("-b", "--become"),
    ("-k", "--ask-pass"),
    ("-K", "--ask-become-pass"),
    ("-J", "--ask-vault-password", "--ask-vault-pass"),
    ("--syntax-check",),
    ("--list-hosts",),
    ("--list-tasks",),
    ("--list-tags",),
    ("--step",),
    ("--force-handlers",),
    ("--flush-cache",),
)
# Ansible would ask on a terminal that nobody sees, would not run the playbook, or these are set by us. With
# what to give to patchops in their place.
_REFUSED = {
    "--ask-pass": "--ask-pass",
    "--ask-become-pass": "--ask-become-pass",
    "--ask-vault-password": "--ask-vault-pass",
    "--inventory": "-i",
    "--limit": "--limit",
    "--check": "--check",
    "--step": "",
    "--start-at-task": "",
    "--list-hosts": "",
    "--list-tasks": "",
    "--list-tags": "",
    "--syntax-check": "",
    "--help": "",
    "--version": "",
}


@dataclass(frozen=True)
class PassedThrough:
    """`options` as they were given, of which `extra_vars` and `vault_options` concern the inventory too."""

    options: tuple[str, ...] = ()
    extra_vars: tuple[str, ...] = ()
    vault_options: tuple[str, ...] = ()


def read(options: Sequence[str]) -> PassedThrough:
    """Read what is passed through; raises InputError for what would break the record of the run."""
    given = argparse.Namespace(found=[])
    _given, others = _parser().parse_known_args(list(options), given)
    found: list[tuple[str, str]] = given.found
    for name, value in found:
        if name in _REFUSED:
            instead = _REFUSED[name]
            remedy = (
                f"Give {instead} to patchops, before the --." if instead else "Use ansible-playbook for it."
            )
            raise InputError(f"The option {name} can't be passed through to ansible-playbook.", remedy)
        if name in ("--vault-id", "--vault-password-file") and value.endswith("@prompt"):
            raise InputError(
                f"{value!r} would prompt on a terminal that nobody sees.",
                "Use --ask-vault-pass of patchops, or name a file: --vault-id NAME@FILE.",
            )
    if playbooks := [other for other in others if not other.startswith("-")]:
        raise InputError(
            f"{playbooks[0]!r} would be another playbook for ansible-playbook.",
            "Only options can be passed through. Quote a value that has blanks.",
        )
    return PassedThrough(
        tuple(options),
        tuple(value for name, value in found if name == "--extra-vars"),
        tuple(part for pair in found if pair[0].startswith("--vault-") for part in pair),
    )


def known() -> dict[str, bool]:
    """The options that are read here, each with whether it takes a value."""
    return {name: True for names in _WITH_VALUE for name in names} | {
        name: False for names in _FLAGS for name in names
    }


class _Found(argparse.Action):
    """Keeps each option that is given, by its first long name, in the order of the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        name = next(one for one in self.option_strings if one.startswith("--"))
        namespace.found.append((name, values if isinstance(values, str) else ""))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(
            f"What follows -- can't be read as options of ansible-playbook: {message}.",
            "`ansible-playbook --help` lists them.",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False)
    for names in _WITH_VALUE:
        parser.add_argument(*names, action=_Found, dest="_")
    for names in _FLAGS:
        parser.add_argument(*names, action=_Found, nargs=0, dest="_")
    return parser
