# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database on a PostgreSQL server, for workers on several machines."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from patchops.errors import InputError
from patchops.store.errors import Reported, report_errors

_REACH = (
    "Check the address in PATCHOPS_DATABASE, that the server runs, and that the user may use the database."
    " Then run the same command again."
)
_ACCESS = "Give the user of PATCHOPS_DATABASE its rights on the database, its schema and its tables."
_AGAIN = "Another process was in the way; run the same command again."
# By how the SQLSTATE of the server begins; the longest that fits counts.
_REMEDIES = {
    "08": _REACH,
    "25006": "The server only reads (a standby?): name the primary server in PATCHOPS_DATABASE.",
    "28": _REACH,
    "3D": _REACH,
    "40": _AGAIN,
    "42501": _ACCESS,
    "53": "The server lacks disk space, memory or connections: free some, then run the same command again.",
    "55P03": _AGAIN,
    "57": "The server was stopped or ended the statement: run the same command again once it is up.",
    "58": "The server can't use its own files: look into its log.",
    "XX": "The server's data are damaged: look into its log, and restore the database from a backup.",
}
# Any number that no other program of this database takes for its advisory locks.
_MIGRATION_LOCK = 0x504F4D47


def url_of(address: str) -> URL:
    """The address with the driver that PatchOps uses. Raises InputError, which doesn't repeat a password."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise InputError(
            "PATCHOPS_DATABASE is no address of a database.",
            "Write it like postgresql://patchops@db.example.org/patchops.",
        ) from None
    if url.get_backend_name() != "postgresql":
        raise InputError(
            f"PATCHOPS_DATABASE is an address of {url.get_backend_name()}.",
            "Use PostgreSQL, or leave it out for the SQLite file in the data directory.",
        )
    if importlib.util.find_spec("psycopg") is None:
        raise InputError(
            "PATCHOPS_DATABASE needs the driver psycopg, which is not installed.",
            "Install it: pip install 'patchops[postgresql]'.",
        )
    return url.set(drivername="postgresql+psycopg")


def connect(address: str) -> Engine:
    """The engine of a PostgreSQL database. Raises InputError."""
    engine = create_engine(url_of(address), pool_pre_ping=True)
    report_errors(engine, Reported(engine.url.render_as_string(), remedy_for))
    return engine


def remedy_for(error: BaseException) -> str | None:
    """What helps when the server can't be used; None for an error that only a defect causes."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        # The driver itself gave up: there is no connection, or it broke.
        return _REACH if type(error).__name__ in ("OperationalError", "ConnectionTimeout") else None
    found = [start for start in _REMEDIES if state.startswith(start)]
    return _REMEDIES[max(found, key=len)] if found else None


@contextmanager
def migration_lock(engine: Engine) -> Iterator[None]:
    """One process at a time, on any machine, looks at the version and migrates."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
