# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data directory to what is kept in it.

What asks the database imports it: to import SQLAlchemy takes longer than to assess one file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from patchops.paths import DataDirectory
from patchops.store.documents import HostDocuments, Owner

if TYPE_CHECKING:
    from patchops.store.findings import LatestFindings
    from patchops.store.promises import Promises


def host_documents(data: DataDirectory) -> HostDocuments:
    """The documents of the hosts that were scanned into this data directory."""
    return HostDocuments(data.documents, run_owner(data))


@contextmanager
def latest_findings(data: DataDirectory) -> Iterator[LatestFindings]:
    """The latest assessment, made here or left as a document. Raises DocumentError."""
    from patchops.store.database import open_state
    from patchops.store.findings import LatestFindings
    from patchops.store.takeover import take_over_assessment

    data.make()
    engine = open_state(data)
    try:
        take_over_assessment(engine, data.store)
        yield LatestFindings(engine)
    finally:
        engine.dispose()


@contextmanager
def promised(data: DataDirectory) -> Iterator[Promises]:
    """The promised due dates; what is recorded is kept at the end. Raises LedgerError."""
    from patchops.store.database import open_state
    from patchops.store.promises import remembering
    from patchops.store.takeover import take_over_promises

    data.make()
    engine = open_state(data)
    try:
        take_over_promises(engine, data.ledger)
        with remembering(engine) as promises:
            yield promises
    finally:
        engine.dispose()


def run_owner(data: DataDirectory) -> Owner:
    """From a run's id to its inventory. Each run is asked for once."""

    @cache
    def owner(run_id: str) -> str | None:
        if not data.server and not data.database.exists():
            return None
        from patchops.store.database import open_state
        from patchops.store.queries import run_inventory

        engine = open_state(data)
        try:
            return run_inventory(engine, run_id)
        finally:
            engine.dispose()

    return owner
