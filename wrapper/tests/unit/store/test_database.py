# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database is made, migrated after a backup, shared by processes, and never guessed at."""

from __future__ import annotations

import datetime
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from patchops.errors import InputError
from patchops.store import sqlite
from patchops.store.database import CURRENT, open_database
from patchops.store.errors import StateError
from patchops.store.models import Base, UtcTime
from patchops.store.run_ledger import RunLedger

from .conftest import Where


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert [step for step in differences if step[0] != "modify_type"] == []


def test_the_version_that_is_worked_with_is_the_newest_of_the_migrations(engine: Engine) -> None:
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (CURRENT,)


def test_a_database_of_this_version_is_opened_without_what_migrates(where: Where) -> None:
    open_database(where).dispose()
    code = (
        "import sys\nfrom pathlib import Path\nfrom patchops.store.database import open_database\n"
        "open_database(sys.argv[1] if ':' in sys.argv[1] else Path(sys.argv[1])).dispose()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(where)], check=True)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path / "db").dispose()
    open_database(tmp_path / "db").dispose()

    assert list(tmp_path.glob("*.backup")) == []


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    open_database(tmp_path / "db").dispose()

    assert (tmp_path / "db").stat().st_mode & 0o077 == 0


def test_an_older_version_is_backed_up_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(tmp_path / "db").dispose()
    monkeypatch.setattr("patchops.store.database.CURRENT", "later")

    open_database(tmp_path / "db").dispose()

    (backup,) = tmp_path.glob("*.backup")
    assert backup.name == f"db.{CURRENT}.backup"
    assert backup.stat().st_mode & 0o077 == 0
    with sqlite3.connect(backup) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(CURRENT,)]
    copy.close()


def test_a_database_of_a_newer_patchops_is_left_alone(where: Where) -> None:
    engine = open_database(where)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(InputError, match="newer PatchOps"):
        open_database(where)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "postgresql://me:s3cret@127.0.0.1:1/patchops",
            r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/patchops can't be used",
        ),
        ("mysql://me:s3cret@db/patchops", "PATCHOPS_DATABASE is an address of mysql"),
        ("s3cret", "PATCHOPS_DATABASE is no address of a database"),
    ],
)
def test_a_server_that_can_not_be_used_is_named_without_its_password(address: str, message: str) -> None:
    with pytest.raises((InputError, StateError), match=message) as refused:
        open_database(address)
    assert "s3cret" not in str(refused.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("no database at all, but long enough to look like one" * 100)

    with pytest.raises(StateError, match=r"db can't be used: file is not a database") as refused:
        open_database(tmp_path / "db")
    assert f"Move {tmp_path}/db, {tmp_path}/db-wal and {tmp_path}/db-shm away" in refused.value.remedy


def test_a_locked_file_is_left_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_MILLISECONDS", 10)
    engine = open_database(tmp_path / "db")
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateError, match="database is locked") as refused:
            RunLedger(engine).open_attempts(datetime.datetime.now(datetime.UTC))
    engine.dispose()

    assert f"`fuser -v {tmp_path}/db`" in refused.value.remedy
    assert "away" not in refused.value.remedy


def test_a_full_disk_is_named_with_the_file_and_its_state(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "db")
    insert = text("INSERT INTO hosts (inventory, name) VALUES ('i', :name)")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(StateError) as refused:
            connection.execute(insert, {"name": "x" * 90000})
    engine.dispose()

    assert f"{tmp_path}/db can't be used: database or disk is full" in refused.value.message
    assert "unchanged" in refused.value.message
    assert "Free space" in refused.value.remedy


@pytest.mark.parametrize("where", ["postgresql"], indirect=True)
def test_a_server_that_ends_the_connection_is_named(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(StateError, match="terminating") as refused:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert "once it is up" in refused.value.remedy


def test_a_defect_stays_a_defect(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.connect() as connection:
        connection.execute(text("SELECT no_such_column FROM hosts"))


def test_processes_that_open_it_at_once_do_not_get_in_each_others_way(where: Where) -> None:
    code = (
        "import sys, pathlib\n"
        "from sqlalchemy import text\n"
        "from patchops.store.database import open_database\n"
        "engine = open_database(sys.argv[1] if ':' in sys.argv[1] else pathlib.Path(sys.argv[1]))\n"
        "for number in range(30):\n"
        "    with engine.begin() as connection:\n"
        "        connection.execute(text('SELECT count(*) FROM hosts'))\n"
        "        statement = text('INSERT INTO hosts (inventory, name) VALUES (:who, :number)')\n"
        "        connection.execute(statement, {'who': sys.argv[2], 'number': str(number)})\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(where), who], stderr=subprocess.PIPE)
        for who in ("one", "two", "three")
    ]
    errors = [writer.communicate(timeout=300)[1] for writer in writers]

    assert errors == [b"", b"", b""]
    engine = open_database(where)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM hosts")).scalar() == 90
    engine.dispose()


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcTime().process_bind_param(datetime.datetime(2026, 11, 22), None)  # type: ignore[arg-type]
