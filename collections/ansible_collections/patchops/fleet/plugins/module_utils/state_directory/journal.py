# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a transaction: JSON lines that are only ever added, each on disk before the next step.

An entry is ``{"seq": 1.., "at": UTC time, "boot": boot id, "event": ..., ...}``. Events and their keys:

- ``state``: ``state``, with ``failed`` also ``host_state``, and ``outcome`` where there is one
- ``launched``: ``attempt``, ``goal``, ``payload`` (SHA-256 of the code), ``lock_timeout``,
  ``restart_services``, ``confirm_within``, ``access_packages``, ``run_id``: a caller is about to start a
  worker
- ``started``: ``attempt``, ``pid``: the worker has the lock
- ``ended``: ``attempt``, ``outcome``: the worker leaves
- ``step``: ``step`` and details: what the worker does next, for people and for the next worker
- ``inhibited`` / ``released``: ``units`` of other updaters that were stopped / started again
- ``blocked`` / ``unblocked``: ``versions`` kept from being installed again
- ``superseded_by``: ``transaction`` that was applied on top of this one
- ``armed``: ``within`` (seconds), ``by`` (packages): from here on the host waits for a confirmation
- ``confirmed``: ``how``, ``run_id``: somebody logged in anew and said so; the host waits no longer
- ``unconfirmed``: ``waited`` (seconds): the time is over, the host takes the change back by itself
- ``owned``: ``inventory``, ``run_id``, ``controller``, ``seconds``, ``uptime`` (seconds since the boot): the
  run that has to prove the change; it counts for ``seconds`` after its last call
- ``disowned``: ``reason``: it has proven it, or let go of it
- ``disarmed``: ``reason``: it could not, and does not try again
"""

import fcntl
import json
import os
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import times
from ansible_collections.patchops.fleet.plugins.module_utils.files import sync_directory
from ansible_collections.patchops.fleet.plugins.module_utils.state_directory import states

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
        # {within, by, overdue} while the host waits for a confirmation, or takes the change back without one
        ("watch", Optional[Dict[str, Any]]),
    ],
)


_EVERY_ENTRY = ("seq", "at", "boot", "event")


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
    watch: Optional[Dict[str, Any]] = None
    for entry in entries:
        event = entry["event"]
        seq, updated = entry["seq"], entry["at"]
        created = created or updated
        if event == "state":
            state = entry["state"]
            host_state = entry.get("host_state")
            outcome = entry.get("outcome") or outcome
            was_applied = was_applied or state == states.APPLIED
            watch = None if states.is_settled(state, host_state) else watch
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
        elif event == "armed":
            watch = {"within": entry["within"], "by": entry["by"], "overdue": False}
        elif event == "unconfirmed" and watch:
            watch = dict(watch, overdue=True)
        elif event in ("confirmed", "disarmed"):
            watch = None
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
        watch,
    )


def named_snapshot(entries: Iterable[Entry]) -> Optional[str]:
    """Return the snapshot of the host that a caller named last, None where none did."""
    named = [entry.get("snapshot") for entry in entries if entry["event"] == "launched"]
    return next((name for name in reversed(named) if name), None)


def details_of(entry: Entry) -> Dict[str, Any]:
    """Return what an entry says beyond its number, time, boot and event."""
    return {key: value for key, value in entry.items() if key not in _EVERY_ENTRY}


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

    def append(self, event: str, **details: Any) -> None:
        """Add an entry and see it onto the disk. Raises IllegalTransition for a state out of order."""
        self.append_if(lambda view: True, event, **details)

    def append_if(self, condition: Callable[[View], bool], event: str, **details: Any) -> bool:
        """Add an entry if `condition` holds at that very moment; tell whether it did.

        Of two that exclude one another and come at once, one is written.
        """
        created = not os.path.exists(self.path)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
            data = stream.read()
            whole = whole_lines(data)
            entries = parse(whole)
            current = fold(entries) if entries else None
            if current and not condition(current):
                return False
            if event == "state":
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
        return True

    def enter(self, state: str, **details: Any) -> None:
        """Add a change of state."""
        self.append("state", state=state, **details)

    def enter_again(self, state: str, **details: Any) -> None:
        """Enter `state` unless the transaction is in it: a worker that goes on where another one died."""
        if self.view().state != state:
            self.enter(state, **details)
