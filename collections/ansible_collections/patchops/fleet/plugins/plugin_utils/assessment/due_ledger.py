# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory between assessments: first sights, promised due dates, versions seen in repositories.

One SQLite file on the controller. Rows are kept when a finding closes, so that a rollback reopens it on its
first clock. Without a ledger an assessment still works; it then can't know what was promised before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Promise

_APPLICATION_ID: Final = 0x504F4C47
_VERSION: Final = 2
_TABLES: Final = (
    "CREATE TABLE promise (inventory TEXT, host TEXT, advisory TEXT, package TEXT, first_seen TEXT NOT NULL,"
    " due TEXT, recorded_at TEXT NOT NULL, explanation TEXT,"
    " PRIMARY KEY (inventory, host, advisory, package)) WITHOUT ROWID",
    "CREATE TABLE sighting (platform TEXT, name TEXT, arch TEXT, version TEXT, first_seen TEXT NOT NULL,"
    " PRIMARY KEY (platform, name, arch, version)) WITHOUT ROWID",
)
# Version 1 knew hosts by their name alone.
_FROM_1: Final = (
    "ALTER TABLE promise RENAME TO promise_1",
    _TABLES[0],
    "INSERT INTO promise SELECT '', host, advisory, package, first_seen, due, recorded_at, explanation"
    " FROM promise_1",
    "DROP TABLE promise_1",
)

FindingKey = tuple[str, str]
"""advisory (``=VERSION`` of an update without one) and package, on one host"""
PackageKey = tuple[str, str, str]
"""platform, name, arch"""


class LedgerError(Exception):
    """The ledger can't be used; the message says which file and what to do."""


@dataclass(frozen=True)
class Sighting:
    """A version that a platform's repositories offer, and since when."""

    package: PackageKey
    version: str
    first_seen: date


class Memory(Protocol):
    """What an assessment asks and tells between assessments."""

    def promises(self, host: HostKey) -> Mapping[FindingKey, Promise]:
        """What was promised for the findings of a host."""

    def record_promises(self, host: HostKey, promises: Mapping[FindingKey, Promise]) -> None:
        """Keep new promises, or replace those that a recorded act released."""

    def sightings(self, package: PackageKey) -> Mapping[str, date]:
        """The versions of a package that were ever offered, with the day of their first sight."""

    def record_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Keep new versions; a version that is known keeps its first day."""


class DueLedger:
    """An open ledger. Use it in ``with``: changes are kept when the block ends without an error."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: str | Path) -> DueLedger:
        """Open the file, or make it, readable by its owner alone. Raises LedgerError."""
        path = Path(path).expanduser()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path}: can't be opened: {error}; name a place that you may write") from None
        try:
            path.chmod(0o600)
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection, path)
        except (OSError, sqlite3.Error) as error:
            connection.close()
            raise LedgerError(f"{path}: can't be used: {error}; restore it from a backup") from None
        except LedgerError:
            connection.close()
            raise
        return cls(connection, path)

    def __enter__(self) -> DueLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
        except sqlite3.Error as failure:
            raise LedgerError(f"{self._path}: can't be written: {failure}; nothing was kept") from None
        finally:
            self._connection.close()

    def discard(self) -> None:
        """Forget what was recorded since the ledger was opened (check mode)."""
        self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")

    def promises(self, host: HostKey) -> dict[FindingKey, Promise]:
        """What was promised for the findings of a host.

        A promise that was kept when hosts were known by name alone holds for every host of that name, until
        the host has one of its own.
        """
        rows = self._connection.execute(
            "SELECT advisory, package, due, recorded_at, first_seen, explanation FROM promise"
            " WHERE host = ? AND inventory IN ('', ?) ORDER BY inventory",
            (host.name, host.inventory),
        )
        return dict(map(_promise, rows))

    def record_promises(self, host: HostKey, promises: Mapping[FindingKey, Promise]) -> None:
        """Keep new promises, or replace those that a recorded act released."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO promise VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    host.inventory,
                    host.name,
                    advisory,
                    package,
                    promise.first_seen.isoformat(),
                    promise.due.isoformat() if promise.due else None,
                    promise.recorded_at.isoformat(),
                    json.dumps(promise.explanation) if promise.explanation else None,
                )
                for (advisory, package), promise in promises.items()
            ],
        )

    def all_promises(self) -> Iterator[tuple[HostKey, dict[FindingKey, Promise]]]:
        """Every promise, host by host: for whoever takes the ledger over. Raises LedgerError."""
        for inventory, name in self._all("SELECT DISTINCT inventory, host FROM promise"):
            rows = self._all(
                "SELECT advisory, package, due, recorded_at, first_seen, explanation FROM promise"
                " WHERE inventory = ? AND host = ?",
                (inventory, name),
            )
            yield HostKey(inventory, name), dict(map(_promise, rows))

    def all_sightings(self) -> list[Sighting]:
        """Every version that was seen. Raises LedgerError."""
        rows = self._all("SELECT platform, name, arch, version, first_seen FROM sighting")
        return [
            Sighting((platform, name, arch), version, date.fromisoformat(first_seen))
            for platform, name, arch, version, first_seen in rows
        ]

    def _all(self, statement: str, values: tuple[str, ...] = ()) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: can't be read: {error}; restore it from a backup") from None

    def sightings(self, package: PackageKey) -> dict[str, date]:
        """The versions of a package that were ever offered, with the day of their first sight."""
        rows = self._connection.execute(
            "SELECT version, first_seen FROM sighting WHERE platform = ? AND name = ? AND arch = ?", package
        )
        return {version: date.fromisoformat(first_seen) for version, first_seen in rows}

    def record_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Keep new versions; a version that is known keeps its first day."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO sighting VALUES (?, ?, ?, ?, ?)",
            [(*each.package, each.version, each.first_seen.isoformat()) for each in sightings],
        )


def _promise(row: tuple[str, str, str | None, str, str, str | None]) -> tuple[FindingKey, Promise]:
    advisory, package, due, recorded_at, first_seen, explanation = row
    promise = Promise(
        date.fromisoformat(due) if due else None,
        date.fromisoformat(recorded_at),
        date.fromisoformat(first_seen),
        json.loads(explanation) if explanation else None,
    )
    return (advisory, package), promise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not tables and not found:
        for statement in (
            *_TABLES,
            f"PRAGMA application_id = {_APPLICATION_ID}",
            f"PRAGMA user_version = {_VERSION}",
        ):
            connection.execute(statement)
    elif found != _APPLICATION_ID:
        raise LedgerError(f"{path}: is no ledger of PatchOps; name another file")
    elif version == 1:
        for statement in (*_FROM_1, f"PRAGMA user_version = {_VERSION}"):
            connection.execute(statement)
    elif version != _VERSION:
        raise LedgerError(
            f"{path}: has version {version}, {_VERSION} is needed; use the PatchOps that wrote it"
        )
