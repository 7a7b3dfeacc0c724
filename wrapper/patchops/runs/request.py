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

# Variables that every run sets, and what a user says in their place.
_OURS = {
    "patchops_hosts": "Name the hosts with --limit.",
    "patchops_run_id": "Each run has an id of its own.",
    "patchops_document_store": "PATCHOPS_DATA says where documents are kept.",
    "patchops_drain_file": "Ctrl-C or SIGTERM ends a run after its batch.",
}


@dataclass(frozen=True)
class RunRequest:
    """One run of a playbook of the collection.

    `variables` go to the playbook through a file; `extra_vars` and `ansible_options` are the user's own for
    ansible-playbook. `secrets` are passwords from prompts, `vault_options` and `connection_options` name
    files with them. `deadline_seconds` ends the run, not the transactions on the hosts. `inventory_name` is
    what the inventory is known by; without it, its variables or sources tell. `take_over` are the hosts that
    the run takes from another one, each by its name. `required` are variables that a policy sets, and nobody
    otherwise.
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
    required: Mapping[str, object] = field(default_factory=dict)

    @property
    def changes_hosts(self) -> bool:
        return self.playbook in CHANGING and not self.check

    @property
    def vault_secrets(self) -> list[Secret]:
        """The secrets that reading an inventory may need."""
        return [secret for secret in self.secrets if secret.option == "--vault-password-file"]


def check_extra_variables(given: Mapping[str, object], required: Mapping[str, object]) -> None:
    """Refuse extra variables that would make the run another one than it is on record as."""
    for variable, instead in (_OURS | dict.fromkeys(required, "The policy sets it.")).items():
        if variable in given:
            raise InputError(
                f"-e sets {variable}, which is for patchops to set: its record of the run would be wrong.",
                f"{instead} Nothing was started.",
            )


def check_take_over(names: Sequence[str], hosts: Sequence[str]) -> None:
    """Refuse to take over what is no host of the run: a pattern takes more than its author knows of."""
    strange = [name for name in names if name not in hosts]
    if strange:
        raise InputError(
            f"--take-over {strange[0]!r} names no host of this run.",
            "Name each host as the inventory does, not by a group or pattern. Nothing was started.",
        )
