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
