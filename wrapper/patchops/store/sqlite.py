# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database in a file: settings for several processes at once, one migration at a time, a backup before."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from patchops.errors import InputError

REMEDY = "Move the file away to start afresh, or put a backup (patchops.sqlite3.*.backup) in its place."
_BUSY_MILLISECONDS = 30_000


def connect(path: Path) -> Engine:
    """The engine of the file, which is made, for its owner alone, where there is none. Raises InputError."""
    _create_private(path)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def migration_lock(path: Path) -> Iterator[None]:
    """One process at a time looks at the version and migrates."""
    with open(path.with_name(path.name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def back_up(path: Path, revision: str) -> None:
    """A consistent copy beside the database, named after the version it has."""
    copy = path.with_name(f"{path.name}.{revision}.backup")
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


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
