# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan can be asked to fail on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from patchops.errors import InputError
from patchops.paths import DataDirectory
from patchops.runs import conditions

from ..reports import samples

REPORT = samples.report(samples.host("web1"), playbook="scan")


def test_overdue_wants_an_advisory_database_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="advisory database"):
        conditions.overdue(["inv"], "all", (), None, DataDirectory(tmp_path))


@pytest.fixture
def assessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The findings document that the assessment comes to, with a database that exists."""
    (tmp_path / "advisories.sqlite3").touch()
    document: dict[str, Any] = {"hosts": []}
    monkeypatch.setattr(conditions, "inventory_facts", lambda *_arguments: [])
    monkeypatch.setattr(conditions, "with_documents", lambda *_arguments: [])
    monkeypatch.setattr(conditions, "host_documents", lambda _data: None)
    monkeypatch.setattr(conditions, "failed_updates", lambda *_arguments: {})
    monkeypatch.setattr(conditions, "keep", lambda *_arguments: None)
    monkeypatch.setattr(conditions, "assess", lambda *_arguments: SimpleNamespace(document=document))
    return document


def test_hosts_with_overdue_findings_are_named(assessed: dict[str, Any], tmp_path: Path) -> None:
    assessed["hosts"] = [{"host": "web1", "overdue": 2}, {"host": "web2", "overdue": 0}]
    condition = conditions.overdue(["inv"], "all", (), None, DataDirectory(tmp_path))

    assert condition(REPORT) == "Updates are overdue on web1; see `patchops findings`."


def test_nothing_overdue_passes(assessed: dict[str, Any], tmp_path: Path) -> None:
    assert conditions.overdue(["inv"], "all", (), None, DataDirectory(tmp_path))(REPORT) == ""
