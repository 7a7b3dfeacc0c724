# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a transaction: JSON lines that are only ever added, each on disk before the next step.

An entry is ``{"seq": 1.., "at": UTC time, "boot": boot id, "event": ..., ...}``. Events and their keys:

- ``state``: ``state``, with ``failed`` also ``host_state``, and ``outcome`` where there is one
- ``launched``: ``attempt``, ``goal``, ``payload`` (SHA-256 of the code), ``lock_timeout``,
  ``restart_services``, ``run_id``: a caller is about to start a worker
- ``started``: ``attempt``, ``pid``: the worker has the lock
- ``ended``: ``attempt``, ``outcome``: the worker leaves
- ``step``: ``step`` and details: what the worker does next, for people and for the next worker
- ``inhibited`` / ``released``: ``units`` of other updaters that were stopped / started again
- ``blocked`` / ``unblocked``: ``versions`` kept from being installed again
- ``superseded_by``: ``transaction`` that was applied on top of this one
"""

import fcntl
import json
import os
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory
from ansible_collections.patchops.fleet.plugins.module_utils.transaction import states

Entry = Dict[str, Any]

View = NamedTuple(
    "View",
    [
        ("state", str),
        ("host_state", Optional[str]),
        ("was_applied", bool),
        ("attempt", int),  # the newest one, 0 before the first
        ("goal", Optional[str]),  # of an attempt that did not end, None when nothing is wanted of a worker
        ("outcome", Optional[Dict[str, str]]),
        ("inhibited", List[str]),
        ("blocked", List[Dict[str, str]]),
        ("superseded_by", Optional[str]),
        ("created_at", str),
        ("updated_at", str),
        ("seq", int),
    ],
)


class JournalError(Exception):
    """A journal can't be read as one."""


def parse(data: bytes) -> List[Entry]:
    """Return the entries of a journal. A torn last line (power cut) is left out; any other damage raises."""
    entries: List[Entry] = []
    for line in whole_lines(data).split(b"\n")[:-1]:
        try:
            entry = json.loads(line.decode("utf-8"))
            number = entry["seq"]
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(f"line {len(entries) + 1} is not an entry: {error}")
        if number != len(entries) + 1:
            raise JournalError(f"entry {len(entries) + 1} is numbered {number}")
        entries.append(entry)
    return entries


def whole_lines(data: bytes) -> bytes:
    """Return `data` without a last line that was not written to its end."""
    return data[: data.rfind(b"\n") + 1]


def fold(entries: Iterable[Entry]) -> View:
    """Return where a transaction stands; raises JournalError for an empty journal."""
    state = host_state = outcome = goal = superseded_by = None
    was_applied, attempt, seq, created, updated = False, 0, 0, "", ""
    inhibited: List[str] = []
    blocked: List[Dict[str, str]] = []
    for entry in entries:
        event = entry["event"]
        seq, updated = entry["seq"], entry["at"]
        created = created or updated
        if event == "state":
            state = entry["state"]
            host_state = entry.get("host_state")
            outcome = entry.get("outcome") or outcome
            was_applied = was_applied or state == states.APPLIED
        elif event == "launched":
            attempt, goal = entry["attempt"], entry["goal"]
        elif event == "ended":
            outcome = entry.get("outcome") or outcome
            if entry["attempt"] == attempt:
                goal = None
        elif event == "inhibited":
            inhibited = entry["units"]
        elif event == "released":
            inhibited = []
        elif event == "blocked":
            blocked = entry["versions"]
        elif event == "unblocked":
            blocked = []
        elif event == "superseded_by":
            superseded_by = entry["transaction"]
    if state is None:
        raise JournalError("the journal names no state")
    return View(
        state,
        host_state,
        was_applied,
        attempt,
        goal,
        outcome,
        inhibited,
        blocked,
        superseded_by,
        created,
        updated,
        seq,
    )


def named_snapshot(entries: Iterable[Entry]) -> Optional[str]:
    """Return the snapshot of the host that a caller named last, None where none did."""
    named = [entry.get("snapshot") for entry in entries if entry["event"] == "launched"]
    return next((name for name in reversed(named) if name), None)


def boot_id() -> str:
    """Return the kernel's id of the present boot, empty where there is none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


class Journal:
    """The journal at `path`. Caller and worker may both write: each entry is added under a short lock."""

    def __init__(self, path: str) -> None:
        self.path = path

    def entries(self) -> List[Entry]:
        """Return all entries; raises JournalError or OSError."""
        with open(self.path, "rb") as stream:
            return parse(stream.read())

    def view(self) -> View:
        """Return where the transaction stands; raises JournalError or OSError."""
        return fold(self.entries())

    def append(self, event: str, **details: Any) -> Entry:
        """Add an entry, return it once it is on disk. Raises IllegalTransition for a state out of order."""
        created = not os.path.exists(self.path)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
            data = stream.read()
            whole = whole_lines(data)
            entries = parse(whole)
            if event == "state":
                current = fold(entries) if entries else None
                states.check(
                    current.state if current else None,
                    details["state"],
                    bool(current and current.was_applied),
                )
            entry: Entry = {"seq": len(entries) + 1, "at": times.now(), "boot": boot_id(), "event": event}
            entry.update(details)
            stream.seek(len(whole))
            stream.truncate()
            stream.write(json.dumps(entry, sort_keys=True).encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        if created:
            sync_directory(os.path.dirname(self.path))
        return entry

    def enter(self, state: str, **details: Any) -> Entry:
        """Add a change of state."""
        return self.append("state", state=state, **details)

    def enter_again(self, state: str, **details: Any) -> None:
        """Enter `state` unless the transaction is in it: a worker that goes on where another one died."""
        if self.view().state != state:
            self.enter(state, **details)
