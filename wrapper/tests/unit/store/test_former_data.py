# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of version 0.1 is read: the database is migrated, documents and due dates keep their meaning.

The files in `former` were written by that version: two inventories with a web1 each, one of them also written
with dots, a run that was interrupted and one that was going on.
"""

from __future__ import annotations

import datetime
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Engine, Integer, MetaData, text

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    DueLedger,
    Sighting,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, RunKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Promise
from patchops.paths import DataDirectory
from patchops.store.database import open_database, open_state
from patchops.store.postgresql import connect
from patchops.store.queries import fleet, last_runs
from patchops.store.run_ledger import RunLedger
from patchops.store.state import host_documents, promised, run_owner

from .conftest import Where

FORMER = Path(__file__).with_name("former")
PROD, STAGING = "/srv/former/prod.yml", "/srv/former/staging.yml"
NOW = datetime.datetime(2026, 11, 20, 16, 0, tzinfo=datetime.UTC)
PROMISED = datetime.date(2026, 11, 3)


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    for name in ("patchops", "ledger"):
        with closing(sqlite3.connect(tmp_path / f"{name}.sqlite3")) as database:
            database.executescript((FORMER / f"{name}.sql").read_text("utf-8"))
    shutil.copytree(FORMER / "documents", tmp_path / "documents")
    return DataDirectory(tmp_path)


@pytest.fixture
def engine(data: DataDirectory, where: Where) -> Iterator[Engine]:
    """The former data in a database of each kind, migrated by opening it."""
    place: Where = data.database
    if isinstance(where, str):
        place = where
        _write_former_tables(where)
    engine = open_database(place)
    yield engine
    engine.dispose()


def _write_former_tables(address: str) -> None:
    """What version 0.1 would have left on a server: its tables, and the rows of its SQLite file."""
    engine = connect(address)
    config = Config()
    config.set_main_option("script_location", "patchops.store:migrations")
    with engine.begin() as connection, closing(sqlite3.connect(":memory:")) as former:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        former.executescript((FORMER / "patchops.sql").read_text("utf-8"))
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            columns = ", ".join(column.name for column in table.columns)
            booleans = [column.name for column in table.columns if isinstance(column.type, Boolean)]
            for row in former.execute(f"SELECT {columns} FROM {table.name}"):  # noqa: S608
                values = dict(zip(table.columns.keys(), row, strict=True))
                values |= {name: None if values[name] is None else bool(values[name]) for name in booleans}
                connection.execute(table.insert().values(**values))
            if "id" in table.columns and isinstance(table.columns["id"].type, Integer):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 1000)"))
    engine.dispose()


def test_a_host_that_was_on_record_under_two_paths_is_one(engine: Engine) -> None:
    assert [(host.inventory, host.name, host.os) for host in fleet(engine)] == [
        (PROD, "web1", "Debian 12"),
        (PROD, "web2", None),
        (STAGING, "db1", None),
        (STAGING, "web1", "Debian 12"),
    ]
    web1 = fleet(engine, f"web1@{PROD}")[0]
    assert (web1.transaction_id, web1.transaction_state) == ("t1", "applied")
    assert (web1.last_run, web1.last_class) == ("20261120-120000-patch-0003", "not_started")


def test_every_run_is_still_there(engine: Engine) -> None:
    assert [(run.run_id[-4:], run.status, run.hosts) for run in last_runs(engine, 9)] == [
        ("0004", "running", 1),
        ("0003", "interrupted", 2),
        ("0002", "done", 2),
        ("0001", "done", 2),
    ]


def test_the_file_is_backed_up_before_it_is_migrated(data: DataDirectory) -> None:
    open_database(data.database).dispose()
    assert list(data.root.glob("*.backup")) == [data.root / "patchops.sqlite3.0001.backup"]


def test_an_interrupted_run_is_taken_up_by_its_hosts(engine: Engine) -> None:
    ledger = RunLedger(engine)
    assert ledger.resumable(RunKey(PROD, "patch"), ["web2"]) == "20261120-120000-patch-0003"
    assert ledger.resumable(RunKey(STAGING, "patch"), ["web1"]) is None


def test_a_run_that_was_going_on_is_judged_by_its_pid(engine: Engine) -> None:
    (attempt,) = RunLedger(engine).open_attempts(NOW)
    assert (attempt.worker.id, attempt.worker.pid, attempt.started_ticks) == ("", 2**22 + 1, 99)
    assert (attempt.inventory.key, attempt.inventory.sources) == (STAGING, (STAGING,))


def test_a_document_belongs_to_the_inventory_of_its_run(data: DataDirectory) -> None:
    documents = host_documents(data)
    assert [host for host, _found in documents.all()] == [
        HostKey(STAGING, "db1"),
        HostKey(PROD, "web1"),
        HostKey(PROD, "web2"),
    ]
    found, _why = documents.of(HostKey(PROD, "web1"))
    assert found is not None
    missing, why = documents.of(HostKey(STAGING, "web1"))
    assert missing is None
    assert "the web1 that was scanned is of the inventory /srv/former/prod.yml" in why


def test_a_run_is_asked_for_its_inventory_only_where_there_is_a_database(tmp_path: Path) -> None:
    assert run_owner(DataDirectory(tmp_path))("any") is None


@pytest.fixture
def server(data: DataDirectory, where: Where) -> DataDirectory:
    """The former data directory, with a database of each kind."""
    return replace(data, server=where if isinstance(where, str) else "")


def test_promises_of_the_former_version_are_taken_over_once(server: DataDirectory) -> None:
    with promised(server) as promises:
        former = promises.promises(HostKey(PROD, "web1"))["DSA-9001-1", "openssl"]
    with closing(sqlite3.connect(server.ledger)) as file, DueLedger.open(server.ledger) as ledger:
        assert ledger.promises(HostKey(PROD, "web1"))["DSA-9001-1", "openssl"] == former
        (count,) = file.execute("SELECT count(*) FROM promise").fetchone()
    engine = open_state(server)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM promises")).scalar() == count > 0
        assert connection.execute(text("SELECT count(*) FROM sightings")).scalar()
    engine.dispose()
    assert former.due == PROMISED


def test_a_promise_on_record_goes_before_one_of_a_file(server: DataDirectory) -> None:
    web1, key = HostKey(PROD, "web1"), ("DSA-9001-1", "openssl")
    with promised(server) as promises:
        later = replace(promises.promises(web1)[key], due=datetime.date(2026, 11, 9))
        promises.record_promises(web1, {key: later})
    with DueLedger.open(server.ledger) as ledger:
        ledger.record_promises(web1, {key: replace(later, due=datetime.date(2026, 12, 9))})

    with promised(server) as promises:
        assert promises.promises(web1)[key].due == datetime.date(2026, 11, 9)


def test_what_an_assessment_that_fails_recorded_is_not_kept(server: DataDirectory) -> None:
    web9, key = HostKey(PROD, "web9"), ("DSA-1", "bash")
    with promised(server) as promises:
        promise = promises.promises(HostKey(PROD, "web1"))["DSA-9001-1", "openssl"]

    def fail() -> None:
        with promised(server) as promises:
            promises.record_promises(web9, {key: promise})
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    with promised(server) as promises:
        assert promises.promises(web9) == {}


def test_a_recorded_act_replaces_a_promise_and_an_assessment_beside_does_not(server: DataDirectory) -> None:
    web9, key = HostKey(PROD, "web9"), ("DSA-1", "bash")
    first = Promise(datetime.date(2026, 11, 3), datetime.date(2026, 11, 1), datetime.date(2026, 11, 1), None)
    second = replace(first, due=datetime.date(2026, 11, 20))
    with promised(server) as promises:
        promises.record_promises(web9, {key: first})
    with promised(server) as promises:
        promises.record_promises(web9, {key: second})
    with promised(server) as promises:
        assert promises.promises(web9)[key] == first
        promises.record_promises(web9, {key: second})
    with promised(server) as promises:
        assert promises.promises(web9)[key] == second


def test_a_version_keeps_the_day_of_its_first_sight(server: DataDirectory) -> None:
    package, day = ("debian:bookworm", "bash", "amd64"), datetime.date(2026, 11, 1)
    for later in (0, 1):
        with promised(server) as promises:
            promises.record_sightings([Sighting(package, "5.2", day + datetime.timedelta(days=later))])

    with promised(server) as promises:
        assert promises.sightings(package) == {"5.2": day}


def test_what_was_promised_stays_promised(data: DataDirectory) -> None:
    with DueLedger.open(data.ledger) as ledger:
        promises = ledger.promises(HostKey(PROD, "web1"))
        assert promises["DSA-9001-1", "openssl"].due == PROMISED


# What version 0.1 does at the end of a run, and at its beginning.
END = (
    "INSERT INTO hosts (inventory, name) SELECT inventory, 'db1' FROM runs"
    " WHERE id = '20261120-130000-patch-0004' ON CONFLICT (inventory, name) DO NOTHING",
    "INSERT INTO transactions (host_id, transaction_id, run_id, state, updated_at)"
    " SELECT hosts.id, 't9', runs.id, 'applied', '2026-11-20T14:00:00Z' FROM hosts JOIN runs"
    " ON runs.inventory = hosts.inventory WHERE name = 'db1' AND runs.id = '20261120-130000-patch-0004'",
    "UPDATE attempts SET status = 'done', finished_at = '2026-11-20T14:00:00Z' WHERE id = 4",
    "UPDATE runs SET status = 'done', exit_code = 0 WHERE id = '20261120-130000-patch-0004'",
)
BEGIN = (
    "INSERT INTO runs (id, playbook, inventory, pattern, request_digest, changes_hosts, check_mode,"
    " started_at, status, reason) VALUES ('late', 'patch', '/srv/former/prod.yml', 'all', 'd', true, false,"
    " '2026-11-20T15:00:00Z', 'running', '')",
    "INSERT INTO attempts (run_id, number, directory, wrapper_pid, wrapper_started, status, started_at)"
    " VALUES ('late', 1, '/d', 1, 1, 'running', '2026-11-20T15:00:00Z')",
)


def test_a_process_of_the_former_version_can_still_end_its_run_after_the_migration(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in END:
            connection.execute(text(statement))

    assert RunLedger(engine).open_attempts(NOW) == []
    assert fleet(engine, "db1")[0].transaction_id == "t9"


def test_a_process_of_the_former_version_can_begin_a_run_after_the_migration(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in BEGIN:
            connection.execute(text(statement))

    late = next(attempt for attempt in RunLedger(engine).open_attempts(NOW) if attempt.run_id == "late")
    assert (late.worker.id, late.inventory.key) == ("", PROD)
