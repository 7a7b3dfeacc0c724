# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other owners leave in the data directory: former versions, and plays without the wrapper.

A file is taken over once, and again when it was written since. It stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import DueLedger
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import this_worker
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import LATEST_FINDINGS, DirectoryStore
from patchops.store.dialects import insert_or_update
from patchops.store.findings import LatestFindings
from patchops.store.models import Import
from patchops.store.promises import Promises


def take_over_assessment(engine: Engine, documents: DirectoryStore) -> None:
    """Keep the assessment that a document has, unless the kept one is newer. Raises DocumentError."""

    def take(path: Path) -> None:
        document = read_document(path.read_bytes(), "patchops.findings", "the latest assessment")
        findings = LatestFindings(engine)
        kept = findings.created_at()
        if kept is None or str(document["created_at"]) > kept:
            findings.keep(document)

    _once(engine, documents.path(LATEST_FINDINGS), take)


def take_over_promises(engine: Engine, ledger: Path) -> None:
    """Keep the promises and sightings that a ledger file has and the database has not. Raises LedgerError."""

    def take(path: Path) -> None:
        with DueLedger.open(path) as former:
            kept = Promises(engine)
            for host, promises in former.all_promises():
                kept.record_promises(host, promises)
            kept.record_sightings(former.all_sightings())
            kept.keep()

    _once(engine, ledger, take)


def _once(engine: Engine, path: Path, take: Callable[[Path], None]) -> None:
    """Take a file over unless that was done since it was written."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    # Machines that share a database have files of their own.
    source, mark = f"{this_worker().hostname}:{path}", f"{status.st_mtime_ns}:{status.st_size}"
    with Session(engine) as session:
        if session.scalar(select(Import.mark).where(Import.source == source)) == mark:
            return
    take(path)
    with Session(engine) as session, session.begin():
        insert_or_update(session, Import, {"source": source}, {"mark": mark})
