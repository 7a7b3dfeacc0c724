# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inserts that meet a row already there: SQLite and PostgreSQL have them, SQLAlchemy keeps them apart."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from patchops.store.models import Base

# Any number that no other program of this database takes for its advisory locks.
_CLAIMS = 0x504F434C


def insert_new(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert rows; those whose key is there already stay as they are."""
    session.execute(_insert(session, table).on_conflict_do_nothing(index_elements=list(key)), list(rows))


def insert_or_update(
    session: Session, table: type[Base], key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or give the row with this key these values."""
    statement = _insert(session, table).values(**key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def one_at_a_time(session: Session) -> None:
    """Let no other process be in a transaction that says the same, until this one ends.

    SQLite's transactions are one at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIMS})


def shared_clock(session: Session, own: datetime.datetime) -> datetime.datetime:
    """The time that all machines agree on: a server's, and `own` where the database is a file.

    Clocks of machines differ, by minutes where nobody sets them.
    """
    if session.get_bind().dialect.name != "postgresql":
        return own
    now: datetime.datetime = session.scalars(text("SELECT clock_timestamp()")).one()
    return now


def _insert(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
