# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data directory to what is kept in it."""

from __future__ import annotations

from functools import cache

from patchops.paths import DataDirectory
from patchops.store.documents import HostDocuments, Owner


def host_documents(data: DataDirectory) -> HostDocuments:
    """The documents of the hosts that were scanned into this data directory."""
    return HostDocuments(data.documents, run_owner(data))


def run_owner(data: DataDirectory) -> Owner:
    """From a run's id to its inventory. Each run is asked for once."""

    @cache
    def owner(run_id: str) -> str | None:
        if not data.server and not data.database.exists():
            return None
        # Imported here: SQLAlchemy takes longer to import than an assessment of one file takes.
        from patchops.store.database import open_state
        from patchops.store.queries import run_inventory

        engine = open_state(data)
        try:
            return run_inventory(engine, run_id)
        finally:
            engine.dispose()

    return owner
