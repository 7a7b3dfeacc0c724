# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the database, wherever it is, with its tables in this version's form."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from patchops.paths import DataDirectory
from patchops.store import postgresql, sqlite

# The version of the tables that this version of PatchOps works with: the newest in migrations/.
CURRENT = "0004"


@dataclass(frozen=True)
class Place:
    """Where the tables are. `name`: for messages, without a password. `back_up`: given their version."""

    name: str
    engine: Engine
    lock: Callable[[], AbstractContextManager[None]]
    back_up: Callable[[str], None]


def open_state(data: DataDirectory) -> Engine:
    """The database of a data directory: the server that PATCHOPS_DATABASE names, else the file in it."""
    return open_database(data.server or data.database)


def open_database(where: Path | str) -> Engine:
    """The database in a file or at an address, made or migrated to this version's tables if need be.

    Raises StateError when it can't be used, and InputError when a newer PatchOps made it; it is then left as
    it was.
    """
    place = _file(where) if isinstance(where, Path) else _server(where)
    try:
        with place.lock():
            _migrate(place)
    except BaseException:
        place.engine.dispose()
        raise
    return place.engine


def name_of(data: DataDirectory) -> str:
    """The database of a data directory as messages name it."""
    return postgresql.url_of(data.server).render_as_string() if data.server else str(data.database)


def _file(path: Path) -> Place:
    return Place(
        name=str(path),
        engine=sqlite.connect(path),
        lock=lambda: sqlite.migration_lock(path),
        back_up=lambda version: sqlite.back_up(path, version),
    )


def _server(address: str) -> Place:
    engine = postgresql.connect(address)
    return Place(
        name=engine.url.render_as_string(),
        engine=engine,
        lock=lambda: postgresql.migration_lock(engine),
        # A server has backups of its own; the migration is one transaction.
        back_up=lambda _version: None,
    )


def _migrate(place: Place) -> None:
    with place.engine.connect() as connection:
        current = _version(connection)
    if current != CURRENT:
        # Alembic takes a tenth of a second to load, and a database is seldom another version's.
        from patchops.store.migrating import migrate

        migrate(place.engine, place.name, current, place.back_up)


def _version(connection: Connection) -> str | None:
    """The version of the tables, as Alembic notes it; None before there are any."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return version
