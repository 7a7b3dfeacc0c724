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

REMEDY = (
    "Check the address in PATCHOPS_DATABASE, that the server runs, and that the user may use the database."
)
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
    return create_engine(url_of(address), pool_pre_ping=True)


@contextmanager
def migration_lock(engine: Engine) -> Iterator[None]:
    """One process at a time, on any machine, looks at the version and migrates."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
