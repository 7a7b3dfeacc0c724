# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings are kept as rows, and both databases answer as the document would."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from patchops.assessment.assess import latest
from patchops.assessment.findings_file import FindingsFile
from patchops.paths import DataDirectory
from patchops.store.database import open_database
from patchops.store.findings import LatestFindings
from patchops.store.findings_filter import Wanted
from patchops.store.models import Assessment, Finding, FindingKind
from patchops.store.state import latest_findings

from .conftest import Where
from .test_former_data import FORMER

DEFAULTS = {
    "cves": ["CVE-2026-1"],
    "advisory": "DSA-1",
    "package": "openssl",
    "binaries": [{"name": "libssl3", "version": "1", "arch": "amd64"}],
    "state": "missing",
    "effective": None,
    "due": "2026-11-03",
    "overdue_days": 3,
    "kev": {"date_added": "2026-11-01"},
    "urgency_group": "overdue",
}
ROWS = [
    {"inventory": "prod", "host": "web1"},
    {"inventory": "staging", "host": "web1"},
    {"inventory": "prod", "host": "db1", "overdue_days": 0, "due": "2026-12-24"},
    {
        "inventory": "prod",
        "host": "web1",
        "advisory": "DSA-2",
        "package": "bash",
        "kev": None,
        "binaries": [],
    },
    {"inventory": "prod", "host": "db1", "advisory": None, "cves": [], "due": None, "overdue_days": 0},
    {"inventory": "prod", "host": "db1", "state": "no_fix", "cves": ["CVE-2026-1", "CVE-2026-2"]},
    {
        "inventory": "prod",
        "host": "lost1",
        "state": "unknown",
        "advisory": None,
        "package": None,
        "cves": [],
        "due": None,
        "overdue_days": 0,
        "kev": None,
        "binaries": [],
    },
]
HOSTS = [("prod", "db1"), ("prod", "lost1"), ("prod", "web1"), ("staging", "web1")]


def document(rows: list[dict[str, Any]], created_at: str = "2026-11-06T00:00:00Z") -> dict[str, Any]:
    findings = [{**DEFAULTS, **row, "rank": rank} for rank, row in enumerate(rows, start=1)]
    return {
        "kind": "patchops.findings",
        "schema": 1,
        "engine_version": "0.1.0",
        "created_at": created_at,
        "totals": {"findings": len(findings)},
        "hosts": [{"inventory": inventory, "host": host} for inventory, host in HOSTS],
        "findings": findings,
    }


@pytest.fixture
def findings(engine: Engine) -> LatestFindings:
    kept = LatestFindings(engine)
    kept.keep(document(ROWS))
    return kept


def test_before_the_first_assessment_nothing_is_found(engine: Engine) -> None:
    findings = LatestFindings(engine)

    assert (findings.created_at(), findings.head(), findings.document(), findings.hosts()) == (
        None,
        None,
        None,
        [],
    )
    assert findings.ask(Wanted()).count == 0


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(hosts=["web1"]),
        Wanted(hosts=["*@prod"]),
        Wanted(hosts=["nobody"]),
        Wanted(cves=["cve-2026-2"]),
        Wanted(cves=["CVE-2026-1", "CVE-2026-2"]),
        Wanted(advisories=["DSA-*"]),
        Wanted(advisories=["DSA-2", "none"]),
        Wanted(packages=["lib*"]),
        Wanted(packages=["open*", "bash"]),
        Wanted(states=["no_fix", "unknown"]),
        Wanted(due_before="2026-11-30"),
        Wanted(overdue=True),
        Wanted(exploited=True),
        Wanted(hosts=["db?"], cves=["CVE-2026-1"], states=["no_fix"], exploited=True),
    ],
)
def test_rows_answer_as_the_document_does(findings: LatestFindings, wanted: Wanted) -> None:
    told = FindingsFile(document(ROWS)).ask(wanted)

    found = findings.ask(wanted)
    assert found.findings == told.findings
    assert found.count == told.count
    assert findings.ask(wanted, most=2).findings == told.findings[:2]
    assert findings.ask(wanted, most=2).count == told.count


def test_more_hosts_and_kinds_than_fit_into_one_statement(
    findings: LatestFindings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchops.store.findings._AT_ONCE", 1)
    wanted = Wanted(hosts=["*"], cves=["CVE-2026-1"])
    told = FindingsFile(document(ROWS)).ask(wanted)

    assert findings.ask(wanted).findings == told.findings
    assert (findings.ask(wanted, most=1).findings, findings.ask(wanted, most=1).count) == (
        told.findings[:1],
        told.count,
    )


def test_hosts_of_one_name_are_told_apart(findings: LatestFindings) -> None:
    names = findings.ask(Wanted(hosts=["db1"])).names

    assert names[HostKey("prod", "web1")] == "web1@prod"
    assert names[HostKey("staging", "web1")] == "web1@staging"
    assert names[HostKey("prod", "db1")] == "db1"


def test_the_document_comes_back_without_its_findings(findings: LatestFindings) -> None:
    whole = document(ROWS)
    del whole["findings"]

    assert findings.document() == whole
    del whole["hosts"]
    assert findings.head() == whole
    assert findings.hosts() == [HostKey(*host) for host in HOSTS]


def test_a_new_assessment_takes_the_place_of_the_former(findings: LatestFindings, engine: Engine) -> None:
    findings.keep(document(ROWS[:1], "2026-11-07T00:00:00Z"))

    assert findings.created_at() == "2026-11-07T00:00:00Z"
    assert findings.ask(Wanted()).count == 1
    with engine.connect() as connection:
        for table in (Assessment, Finding, FindingKind):
            assert connection.scalar(select(func.count()).select_from(table)) == 1


def test_hosts_share_what_is_said_of_them(findings: LatestFindings, engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(FindingKind)) == len(ROWS) - 1


def write_document(data: DataDirectory, content: dict[str, Any], age: int = 0) -> None:
    path = data.documents / "assessments" / "latest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    os.utime(path, ns=(age, age))


@pytest.fixture
def data(where: Where, tmp_path: Path) -> DataDirectory:
    root = tmp_path / "data"
    return DataDirectory(root, where if isinstance(where, str) else "")


def count(data: DataDirectory) -> int:
    with latest_findings(data) as findings:
        return findings.ask(Wanted()).count


def test_the_assessment_of_the_former_version_is_taken_over(data: DataDirectory) -> None:
    former = json.loads((FORMER / "documents/assessments/latest.json").read_text("utf-8"))
    write_document(data, former)

    with latest_findings(data) as findings:
        assert findings.ask(Wanted()).count == len(former["findings"])
        assert findings.ask(Wanted(hosts=["db1"])).findings[0]["advisory"] == "DSA-9001-1"
        assert findings.created_at() == former["created_at"]


def test_a_document_is_taken_over_again_when_a_former_version_or_a_play_wrote_a_newer_one(
    data: DataDirectory,
) -> None:
    write_document(data, document(ROWS))
    assert count(data) == len(ROWS)
    write_document(data, document(ROWS[:2], "2026-11-07T00:00:00Z"), age=1)
    assert count(data) == 2


def test_a_document_that_is_older_than_what_is_kept_changes_nothing(data: DataDirectory) -> None:
    with latest_findings(data) as findings:
        findings.keep(document(ROWS[:1], "2026-11-08T00:00:00Z"))
    write_document(data, document(ROWS))

    assert count(data) == 1


def test_the_file_of_a_former_version_is_backed_up_and_keeps_its_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        database.executescript((FORMER / "patchops.sql").read_text("utf-8"))
        before = database.execute("SELECT count(*) FROM host_results").fetchone()

    open_database(tmp_path / "db").dispose()

    with closing(sqlite3.connect(tmp_path / "db")) as database:
        assert database.execute("SELECT count(*) FROM host_results").fetchone() == before
    assert (tmp_path / "db.0001.backup").exists()


def test_the_latest_document_is_had_in_full(data: DataDirectory) -> None:
    with latest_findings(data) as findings:
        findings.keep(document(ROWS))

    assert latest(data) == document(ROWS)
