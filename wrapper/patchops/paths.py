# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the wrapper keeps its state on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore
from patchops.errors import InputError

_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")


@dataclass(frozen=True)
class DataDirectory:
    """The data directory: the database, the documents and one folder a run.

    `server`: the address of a database server that keeps the state instead of the file, "" without one.
    """

    root: Path
    server: str = ""

    @property
    def database(self) -> Path:
        return self.root / "patchops.sqlite3"

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def store(self) -> DirectoryStore:
        """The documents, as the engine keeps them."""
        return DirectoryStore(self.documents)

    @property
    def advisories(self) -> Path:
        """The advisory database."""
        return self.root / "advisories.sqlite3"

    @property
    def ledger(self) -> Path:
        """The memory of promised due dates."""
        return self.root / "ledger.sqlite3"

    def report(self, run_id: str) -> Path:
        """The report of a run, as it was concluded."""
        return self.run(run_id) / "report.json"

    def page(self, run_id: str) -> Path:
        """The page of a run."""
        return self.run(run_id) / "report.html"

    def run(self, run_id: str) -> Path:
        """The folder of one run; the id is checked since it may come from the command line."""
        if not _RUN_ID.fullmatch(run_id):
            raise InputError(
                f"{run_id!r} is not a run id.", "`patchops status` lists the ids of the last runs."
            )
        return self.root / "runs" / run_id

    def make(self) -> None:
        """Create what is missing, readable by its owner alone."""
        try:
            for path in (self.root, self.documents, self.root / "runs"):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The data directory {self.root} can't be made: {error.strerror}.",
                "Name a directory that you may write with the environment variable PATCHOPS_DATA.",
            ) from error


def data_directory(environ: Mapping[str, str], uid: int) -> DataDirectory:
    """The data directory of this user.

    `PATCHOPS_DATA`, else the system's for root, else one in the home directory. `PATCHOPS_DATABASE` is the
    address of its server.
    """
    server = environ.get("PATCHOPS_DATABASE", "")
    if named := environ.get("PATCHOPS_DATA"):
        return DataDirectory(Path(named).expanduser().absolute(), server)
    if uid == 0:
        return DataDirectory(Path("/var/lib/patchops-controller"), server)
    base = environ.get("XDG_DATA_HOME") or os.path.join(environ.get("HOME", "~"), ".local", "share")
    return DataDirectory(Path(base).expanduser() / "patchops", server)
