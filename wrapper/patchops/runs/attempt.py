# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt at a run, before it starts: its folder, its variables, its command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import NAME_VARIABLE, Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import report_key
from patchops.errors import FenceError
from patchops.paths import DataDirectory
from patchops.runner.process import AttemptFiles, Launch
from patchops.runs.request import RunRequest
from patchops.store.run_ledger import NewRun


@dataclass(frozen=True)
class Attempt:
    """`sources` are absolute inventories, `hosts` those that the request's pattern names in them."""

    request: RunRequest
    data: DataDirectory
    run_id: str
    number: int
    sources: Sequence[str]
    inventory: Inventory
    hosts: Sequence[str]
    environment: Mapping[str, str]

    def of_run(self, run_id: str, number: int) -> Attempt:
        """The same as a further attempt at another run."""
        return replace(self, run_id=run_id, number=number)

    @property
    def folder(self) -> Path:
        """Where the run's report is kept."""
        return self.data.run(self.run_id)

    @property
    def files(self) -> AttemptFiles:
        return AttemptFiles(self.folder / f"attempt-{self.number}")

    @property
    def engine_report(self) -> Path:
        """Where the playbook leaves its report."""
        return self.data.store.path(report_key(self.run_id))

    @property
    def record(self) -> NewRun:
        """What the ledger is told before anything starts."""
        return NewRun(
            run_id=self.run_id,
            playbook=self.request.playbook,
            inventory=self.inventory,
            pattern=self.request.pattern,
            changes_hosts=self.request.changes_hosts,
            check_mode=self.request.check,
            hosts=self.hosts,
        )

    def prepare(self) -> None:
        """Make the folder, and write the variables: arguments are visible to every user of the machine.

        Raises FenceError when another call starts the same attempt at this moment.
        """
        try:
            self.files.root.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise FenceError(
                f"Another call takes up run {self.run_id} at this moment. Nothing was started.",
                "Wait until it ends (patchops status), then run the same command again.",
            ) from None
        self.engine_report.unlink(missing_ok=True)
        pattern = self.request.pattern
        variables = {
            **self.request.variables,
            **self.request.required,
            # A playbook's `hosts` takes no @file, which a limit may be.
            "patchops_hosts": ",".join(self.hosts) if "@" in pattern else pattern,
            "patchops_run_id": self.run_id,
            "patchops_document_store": {"kind": "directory", "path": str(self.data.documents)},
            "patchops_drain_file": str(self.files.drain),
        }
        if self.request.take_over:
            variables["patchops_take_over"] = list(self.request.take_over)
        if self.request.inventory_name is not None:
            variables[NAME_VARIABLE] = self.request.inventory_name
        self.files.variables.touch(mode=0o600)
        self.files.variables.write_text(json.dumps(variables, indent=1), encoding="utf-8")

    def launch(self) -> Launch:
        """The playbook with its options; the user's own come last and win."""
        request = self.request
        options = ["-e", f"@{self.files.variables}"]
        for value in request.extra_vars:
            options += ["-e", value]
        options += ["--check"] if request.check else []
        options += ["--diff"] if request.diff else []
        options += [*request.vault_options, *request.connection_options, *request.ansible_options]
        return Launch(
            playbook=f"patchops.fleet.{request.playbook}",
            inventories=self.sources,
            options=options,
            environment=self.environment,
            working_directory=request.working_directory,
            secrets=request.secrets,
        )
