# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail

from ansible_collections.patchops.fleet.plugins.action.advisory_db import ActionModule
from ansible_collections.patchops.fleet.plugins.modules import advisory_db
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import CATALOGUE
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS

Run = Callable[..., dict[str, Any]]

KEV = "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2024-1001,curl,2024-02-01,2024-02-22\n"


@pytest.fixture
def kev(tmp_path: Path) -> Path:
    (tmp_path / "kev.csv").write_text(KEV)
    return tmp_path / "kev.csv"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the action on a database of the test's own."""

    def _run(*feeds: dict[str, Any], check_mode: bool = False) -> dict[str, Any]:
        arguments = {"database": str(tmp_path / "db"), "feeds": list(feeds)}
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="advisory_db")
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = ActionModule(task, connection, SimpleNamespace(), None, None, None)
        result: dict[str, Any] = action.run(task_vars={})
        return result

    return _run


def test_a_feed_is_imported_once_and_then_unchanged(run: Run, kev: Path) -> None:
    feed = {"kind": "kev", "location": str(kev)}
    first, second = run(feed), run(feed)

    assert (first["changed"], first["outcome"]["code"], first["sources"][0]["records"]) == (True, "done", 1)
    assert (second["changed"], second["outcome"]["code"]) == (False, "nothing_to_do")


def test_check_mode_reads_the_feed_and_leaves_no_database(run: Run, kev: Path, tmp_path: Path) -> None:
    result = run({"kind": "kev", "location": str(kev)}, check_mode=True)

    assert (result["changed"], result["feeds"][0]["records"]) == (True, 1)
    assert not (tmp_path / "db").exists()


def test_a_refused_feed_fails_the_task_and_keeps_what_was_there(run: Run, kev: Path) -> None:
    feed = {"kind": "kev", "location": str(kev)}
    run(feed)
    kev.write_text("hello")
    result = run(feed)

    assert (result["failed"], result["outcome"]["code"]) == (True, "document_invalid")
    assert "kev.csv: line 1: has no column cveID" in result["msg"]
    assert [source["records"] for source in result["sources"]] == [1]


def test_a_feed_that_is_neither_known_nor_described_is_refused(run: Run) -> None:
    with pytest.raises(AnsibleActionFail, match="'nvd' is no feed: give kind and location"):
        run({"name": "nvd"})


def test_a_foreign_file_is_not_overwritten(run: Run, kev: Path, tmp_path: Path) -> None:
    (tmp_path / "db").write_text("a letter to my mother " * 100)
    result = run({"kind": "kev", "location": str(kev)})

    assert result["outcome"]["code"] == "bad_arguments"
    assert (tmp_path / "db").read_text().startswith("a letter")


def test_the_documentation_lists_every_kind_and_every_known_feed() -> None:
    feeds = yaml.safe_load(advisory_db.DOCUMENTATION)["options"]["feeds"]["suboptions"]

    assert feeds["kind"]["choices"] == sorted(KINDS)
    assert all(f"V({name})" in " ".join(feeds["name"]["description"]) for name in CATALOGUE)
