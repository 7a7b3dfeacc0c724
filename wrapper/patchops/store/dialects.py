# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inserts that meet a row already there: SQLite and PostgreSQL have them, SQLAlchemy keeps them apart."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from patchops.store.models import Base

# Any number that no other program of this database takes for its advisory locks.
_CLAIMS = 0x504F434C
_ASSESSMENT = 0x504F4153


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


def replacing_assessment(session: Session) -> None:
    """Let no other process replace the assessment until this transaction ends. Runs go on meanwhile."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ASSESSMENT})


def insert_many(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], common: Mapping[str, Any]
) -> None:
    """Insert rows that are new, hundreds of thousands of them if need be. `common`: what all of them have."""
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        names = [*common, *rows[0]]
        columns = ", ".join(f'"{name}"' for name in names)
        connection: Any = session.connection().connection.driver_connection
        with connection.cursor().copy(f"COPY {table.__tablename__} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([*common.values(), *row.values()])
    else:
        session.execute(insert(table), [{**common, **row} for row in rows])


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
