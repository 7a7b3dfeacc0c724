# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database in a file: settings for several processes at once, one migration at a time, a backup before."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from patchops.errors import InputError
from patchops.store.errors import Reported, report_errors

_BUSY_MILLISECONDS = 30_000
_REPLACE = (
    "Move {path}, {path}-wal and {path}-shm away, all three together. Then put a backup ({path}.*.backup) in"
    " place of the first, or start afresh without one."
)
_SPACE = "Free space on the file system of {path} (df -h, quota), then run the same command again."
_ACCESS = (
    "Check owner and mode of {path}, of {path}-wal, {path}-shm and their folder, and that the file system is"
    " not mounted read-only. PATCHOPS_DATA names another data directory."
)
_LOCKED = (
    "Another process holds it: `fuser -v {path}` shows which. Wait until it ends, then run the same command"
    " again; leave the file where it is."
)
_DISK = "Look for errors of the disk (dmesg) and of quotas, then run the same command again."
_REMEDIES = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _SPACE,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_NOMEM: "Free memory, then run the same command again.",
    sqlite3.SQLITE_READONLY: _ACCESS,
    sqlite3.SQLITE_CANTOPEN: _ACCESS,
    sqlite3.SQLITE_PERM: _ACCESS,
    sqlite3.SQLITE_AUTH: _ACCESS,
    sqlite3.SQLITE_CORRUPT: _REPLACE,
    sqlite3.SQLITE_NOTADB: _REPLACE,
}


def connect(path: Path) -> Engine:
    """The engine of the file, which is made, for its owner alone, where there is none. Raises InputError."""
    _create_private(path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    report_errors(engine, Reported(str(path), lambda error: remedy_for(error, path)))
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def remedy_for(error: BaseException, path: Path) -> str | None:
    """What helps when the file can't be used; None for an error that only a defect causes."""
    # The lower byte is the kind; the others say more, such as which step of writing failed.
    remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
    return remedy.format(path=path) if remedy else None


@contextmanager
def migration_lock(path: Path) -> Iterator[None]:
    """One process at a time looks at the version and migrates."""
    try:
        lock = open(path.with_name(path.name + ".lock"), "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise _unopened(path, error) from error
    with lock:
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
        raise _unopened(path, error) from error


def _unopened(path: Path, error: OSError) -> InputError:
    remedy = _SPACE if error.errno in (errno.ENOSPC, errno.EDQUOT) else _ACCESS
    return InputError(f"The database {path} can't be opened: {error.strerror}.", remedy.format(path=path))


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
