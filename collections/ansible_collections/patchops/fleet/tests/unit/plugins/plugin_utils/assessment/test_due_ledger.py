# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory between assessments."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    DueLedger,
    LedgerError,
    Sighting,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import Promise

PROMISE = Promise(date(2026, 3, 15), date(2026, 3, 1), date(2026, 2, 1), {"rule": "own"})
WEB1, WEB2 = HostKey("prod", "web1"), HostKey("prod", "web2")
LIBSSL = ("debian-12-amd64", "libssl3", "amd64")


VERSION_1 = """
PRAGMA application_id = 1347374151;
PRAGMA user_version = 1;
CREATE TABLE promise (host TEXT, advisory TEXT, package TEXT, first_seen TEXT NOT NULL, due TEXT,
 recorded_at TEXT NOT NULL, explanation TEXT, PRIMARY KEY (host, advisory, package)) WITHOUT ROWID;
CREATE TABLE sighting (platform TEXT, name TEXT, arch TEXT, version TEXT, first_seen TEXT NOT NULL,
 PRIMARY KEY (platform, name, arch, version)) WITHOUT ROWID;
INSERT INTO promise VALUES
 ('web1','DSA-1-1','openssl','2026-02-01','2026-03-15','2026-03-01','{"rule": "own"}');
INSERT INTO sighting VALUES('debian-12-amd64','libssl3','amd64','3.0.2','2026-03-01');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


def test_promises_come_back(path: Path) -> None:
    with DueLedger.open(path) as ledger:
        ledger.record_promises(WEB1, {("DSA-1-1", "openssl"): PROMISE})
    with DueLedger.open(path) as ledger:
        assert ledger.promises(WEB1) == {("DSA-1-1", "openssl"): PROMISE}
        assert ledger.promises(WEB2) == {}


def test_hosts_of_one_name_in_two_inventories_have_promises_of_their_own(path: Path) -> None:
    with DueLedger.open(path) as ledger:
        ledger.record_promises(WEB1, {("DSA-1-1", "openssl"): PROMISE})
        assert ledger.promises(HostKey("staging", "web1")) == {}


def test_promises_of_version_1_are_kept_until_a_host_has_its_own(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.close()
    with DueLedger.open(path) as ledger:
        assert ledger.promises(WEB1) == {("DSA-1-1", "openssl"): PROMISE}
        later = replace(PROMISE, due=date(2026, 4, 1))
        ledger.record_promises(WEB1, {("DSA-1-1", "openssl"): later})
    with DueLedger.open(path) as ledger:
        assert ledger.promises(WEB1) == {("DSA-1-1", "openssl"): later}
        assert ledger.promises(HostKey("staging", "web1")) == {("DSA-1-1", "openssl"): PROMISE}
        assert ledger.sightings(LIBSSL) == {"3.0.2": date(2026, 3, 1)}


def test_a_version_keeps_the_day_of_its_first_sight(path: Path) -> None:
    with DueLedger.open(path) as ledger:
        ledger.record_sightings([Sighting(LIBSSL, "3.0.2", date(2026, 3, 1))])
        ledger.record_sightings([Sighting(LIBSSL, "3.0.2", date(2026, 4, 1))])
        assert ledger.sightings(LIBSSL) == {"3.0.2": date(2026, 3, 1)}


def test_nothing_is_kept_when_the_assessment_fails(path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), DueLedger.open(path) as ledger:  # noqa: PT012
        ledger.record_promises(WEB1, {("DSA-1-1", "openssl"): PROMISE})
        raise RuntimeError("stop")
    with DueLedger.open(path) as ledger:
        assert ledger.promises(WEB1) == {}


def test_check_mode_discards_what_was_recorded(path: Path) -> None:
    with DueLedger.open(path) as ledger:
        ledger.record_promises(WEB1, {("DSA-1-1", "openssl"): PROMISE})
        ledger.discard()
    with DueLedger.open(path) as ledger:
        assert ledger.promises(WEB1) == {}


def test_only_its_owner_can_read_it(path: Path) -> None:
    with DueLedger.open(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(LedgerError, match="is no ledger of PatchOps; name another file"):
        DueLedger.open(path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("hello " * 100, encoding="utf-8")
    with pytest.raises(LedgerError, match="can't be used: file is not a database"):
        DueLedger.open(path)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LedgerError, match="file/ledger: can't be opened"):
        DueLedger.open(tmp_path / "file" / "ledger")
