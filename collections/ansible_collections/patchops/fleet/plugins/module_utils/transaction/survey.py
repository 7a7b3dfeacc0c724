# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the transactions of the host; nothing here changes anything."""

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.files import read_json
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.journal import (
    Journal,
    JournalError,
    View,
    named_snapshot,
)
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.lock import is_held
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory.paths import (
    StateDirectory,
    TransactionDirectory,
)
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.requests import Known
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION

Record = NamedTuple(
    "Record", [("directory", TransactionDirectory), ("view", View), ("request", Dict[str, Any])]
)

_SECOND_LOOK = 1.5


class SurveyError(Exception):
    """A transaction's files are damaged."""


def read_records(state: StateDirectory) -> List[Record]:
    """Return all transactions from the oldest to the newest; raises SurveyError."""
    records = []
    try:
        names = state.ids()
    except OSError as error:
        raise SurveyError(f"The transactions of this host can't be read: {error}")
    for name in names:
        directory = state.transaction(name)
        try:
            records.append(Record(directory, Journal(directory.journal).view(), read_json(directory.request)))
        except (JournalError, ValueError, OSError) as error:
            if not os.path.exists(directory.path):
                continue  # a call pruned it since the names were read
            raise SurveyError(f"{directory.path} can't be read: {error}")
    return sorted(records, key=lambda one: (one.request["number"], one.directory.id))


def known(state: StateDirectory, records: List[Record]) -> List[Known]:
    """Return what a decision needs to know of each transaction."""
    return [
        Known(
            one.directory.id,
            one.request["digest"],
            one.request["generation"],
            one.view.state,
            one.view.host_state,
            one.view.was_applied,
            one.view.goal,
            is_alive(state, one.directory, one.view),
        )
        for one in records
    ]


def is_alive(state: StateDirectory, directory: TransactionDirectory, view: View) -> bool:
    """Tell whether somebody works on a transaction: an attempt has not ended, and a worker holds the lock."""
    if view.goal is None:
        return False
    if is_held(state.lock):
        return True
    # The lock may just be passing from a worker to the next one; a dead worker stays silent.
    time.sleep(_SECOND_LOOK)
    return is_held(state.lock) or Journal(directory.journal).view().seq != view.seq


def follow(state: StateDirectory, directory: TransactionDirectory, seconds: float) -> View:
    """Wait, at most `seconds`, until no worker is at work on a transaction; return where it stands."""
    ends = time.monotonic() + seconds
    journal = Journal(directory.journal)
    while True:
        view = journal.view()
        if view.goal is None or time.monotonic() >= ends or not is_alive(state, directory, view):
            return journal.view()
        time.sleep(0.3)


def read_plan(directory: TransactionDirectory) -> Optional[Dict[str, Any]]:
    """Return the frozen plan, None when there is none."""
    try:
        plan: Dict[str, Any] = read_json(directory.plan)
    except FileNotFoundError:
        return None
    return plan


def document(record: Record) -> Dict[str, Any]:
    """Return a transaction as a document (kind patchops.transaction)."""
    directory, view = record.directory, record.view
    entries = Journal(directory.journal).entries()
    try:
        material = read_json(directory.way_back_state)["material"]
    except (FileNotFoundError, KeyError):
        material = []
    return {
        "kind": "patchops.transaction",
        "schema": 1,
        "engine_version": ENGINE_VERSION,
        "run_id": None,
        "host": None,
        "collected_at": times.now(),
        "id": directory.id,
        "state": view.state,
        "host_state": view.host_state,
        "created_at": view.created_at,
        "updated_at": view.updated_at,
        "outcome": view.outcome,
        "request": record.request,
        "plan": read_plan(directory),
        "way_back": material,
        "kept_bytes": directory.kept_bytes(),
        "snapshot": named_snapshot(entries),
        "blocked": view.blocked,
        "journal": entries,
    }
