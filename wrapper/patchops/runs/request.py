# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person asks for, before anything is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patchops.errors import InputError
from patchops.runner.secrets import Secret

# Playbooks that change hosts: they want an explicit pattern, wait for their fence, and drain when they are
# stopped.
CHANGING = frozenset({"patch", "rollback", "reboot", "cleanup"})
# Ansible would ask on a terminal that nobody sees, or these are set by us.
_REFUSED_OPTIONS = {
    "-k": "--ask-pass",
    "-K": "--ask-become-pass",
    "-J": "--ask-vault-pass",
    "--ask-pass": "--ask-pass",
    "--ask-become-pass": "--ask-become-pass",
    "--ask-vault-pass": "--ask-vault-pass",
    "--ask-vault-password": "--ask-vault-pass",
    "-i": "-i",
    "--inventory": "-i",
    "--inventory-file": "-i",
    "-l": "--limit",
    "--limit": "--limit",
    "-C": "--check",
    "--check": "--check",
    "--step": "",
    "--start-at-task": "",
    "--list-hosts": "",
    "--list-tasks": "",
    "--list-tags": "",
    "--syntax-check": "",
}


@dataclass(frozen=True)
class RunRequest:
    """One run of a playbook of the collection.

    `variables` go to the playbook through a file; `extra_vars` and `ansible_options` are the user's own for
    ansible-playbook. `secrets` are passwords from prompts, `vault_options` and `connection_options` name
    files with them. `deadline_seconds` ends the run, not the transactions on the hosts. `inventory_name` is
    what the inventory is known by; without it, its variables or sources tell. `take_over` are the hosts that
    the run takes from another one, each by its name.
    """

    playbook: str
    inventories: Sequence[str]
    pattern: str
    variables: Mapping[str, object] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    extra_vars: Sequence[str] = ()
    ansible_options: Sequence[str] = ()
    secrets: Sequence[Secret] = ()
    vault_options: Sequence[str] = ()
    connection_options: Sequence[str] = ()
    pass_env: Sequence[str] = ()
    deadline_seconds: float | None = None
    working_directory: Path = field(default_factory=Path.cwd)
    inventory_name: str | None = None
    take_over: Sequence[str] = ()

    @property
    def changes_hosts(self) -> bool:
        return self.playbook in CHANGING and not self.check

    @property
    def vault_secrets(self) -> list[Secret]:
        """The secrets that reading an inventory may need."""
        return [secret for secret in self.secrets if secret.option == "--vault-password-file"]


def check_take_over(names: Sequence[str], hosts: Sequence[str]) -> None:
    """Refuse to take over what is no host of the run: a pattern takes more than its author knows of."""
    strange = [name for name in names if name not in hosts]
    if strange:
        raise InputError(
            f"--take-over {strange[0]!r} names no host of this run.",
            "Name each host as the inventory does, not by a group or pattern. Nothing was started.",
        )


def check_ansible_options(options: Sequence[str]) -> None:
    """Refuse what would make Ansible prompt, or work on something else than what is on record."""
    for option in options:
        name = option.split("=", 1)[0]
        if name in _REFUSED_OPTIONS:
            instead = _REFUSED_OPTIONS[name]
            remedy = (
                f"Give {instead} to patchops, before the --." if instead else "Use ansible-playbook for it."
            )
            raise InputError(f"The option {name} can't be passed through to ansible-playbook.", remedy)
        if option.endswith("@prompt"):
            raise InputError(
                f"{option!r} would prompt on a terminal that nobody sees.",
                "Use --ask-vault-pass of patchops, or name a file: --vault-id NAME@FILE.",
            )
