# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the database: settings for several processes at once, and its tables in this version's form."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from patchops.errors import InputError

# The version of the tables that this version of PatchOps works with: the newest in migrations/.
CURRENT = "0002"
_BUSY_MILLISECONDS = 30_000


def open_database(path: Path) -> Engine:
    """The database at `path`, made or migrated to this version's tables if need be.

    Raises InputError when the file is no database or was made by a newer PatchOps; it is then left as it was.
    """
    _create_private(path)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with _migration_lock(path):
            _migrate(engine, path)
    except DatabaseError as error:
        engine.dispose()
        raise InputError(
            f"{path} can't be used as PatchOps' database: {error.orig}.",
            "Move the file away to start afresh, or put a backup (patchops.sqlite3.*.backup) in its place.",
        ) from error
    return engine


def _create_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise InputError(
            f"The database {path} can't be opened: {error.strerror}.",
            "Check its owner and mode, or name another data directory with PATCHOPS_DATA.",
        ) from error


def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # SQLAlchemy begins transactions itself, see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another process wrote in between;
    # one that takes the write lock at its start waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _migration_lock(path: Path) -> Iterator[None]:
    """One process at a time looks at the version and migrates."""
    with open(path.with_name(path.name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        current = _version(connection)
    if current != CURRENT:
        # Alembic takes a tenth of a second to load, and a database is seldom another version's.
        from patchops.store.migrating import migrate

        migrate(engine, path, current)


def _version(connection: Connection) -> str | None:
    """The version of the tables, as Alembic notes it; None before there are any."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return version
