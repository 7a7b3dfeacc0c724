# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from patchops.cli.feeds import feeds
from patchops.errors import InputError

KEV = "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2024-1001,curl,2024-02-01,2024-02-22\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(feeds, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture
def kev(tmp_path: Path) -> Path:
    (tmp_path / "kev.csv").write_text(KEV)
    return tmp_path / "kev.csv"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "advisories.sqlite3"


def sources(db: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("status", "--db", db, "--json").output)["sources"]
    return found


def test_an_import_says_what_it_read(kev: Path, db: Path) -> None:
    result = run("import", "--db", db, "kev", kev)

    told, note = result.output.splitlines()
    assert (result.exit_code, told) == (0, "kev: updated, 1 records, as of 2024-02-01")
    assert "it may have been cut" in note
    proven = run("import", "--db", db, "kev", kev, "--expect-records", "1")
    assert proven.output == "kev: updated, 1 records, as of 2024-02-01\n"


def test_the_status_tells_where_each_source_came_from_and_its_age(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev, "--name", "exploited")

    (source,) = sources(db)
    assert (source["name"], source["kind"], source["location"]) == ("exploited", "kev", str(kev))
    assert source["age_hours"] == 0.0
    assert len(source["sha256"]) == 64
    assert run("status", "--db", db).output.splitlines()[0] == f"{db}: 1 sources"


def test_a_feed_that_replaces_one_from_elsewhere_says_so(kev: Path, db: Path, tmp_path: Path) -> None:
    run("import", "--db", db, "kev", kev)
    newer = tmp_path / "newer.csv"
    newer.write_text(KEV)

    assert run("import", "--db", db, "kev", kev).stderr == ""
    replaced = run("import", "--db", db, "kev", newer).stderr
    assert replaced == f"This replaced what kev had from {kev}; another --name keeps both.\n"


def test_the_database_lies_in_the_data_directory_by_default(
    kev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHOPS_DATA", str(tmp_path / "data"))
    run("import", "kev", kev)

    assert (tmp_path / "data" / "advisories.sqlite3").is_file()


def test_a_refused_feed_is_bad_input_and_says_that_nothing_changed(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev)
    kev.write_text("hello")

    with pytest.raises(InputError, match=r"kev.csv: line 1: has no column cveID") as refused:
        run("import", "--db", db, "kev", kev)
    assert refused.value.remedy == "The database is as it was before."
    assert [one["records"] for one in sources(db)] == [1]


def test_an_update_without_names_looks_at_every_source_again(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev)
    unchanged = run("update", "--db", db)
    kev.write_text(KEV + "CVE-2024-1002,b,2024-03-01,\n")
    changed = run("update", "--db", db)

    assert unchanged.output.startswith("kev: unchanged, 1 records, as of 2024-02-01\n")
    assert changed.output.startswith("kev: updated, 2 records, as of 2024-03-01\n")


def test_an_update_in_which_a_feed_fails_ends_with_4(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev)
    kev.unlink()
    result = run("update", "--db", db)

    assert result.exit_code == 4
    assert "kev: failed: " in result.output
    assert "does not exist" in result.output


def test_an_unknown_feed_is_refused_with_the_way_to_the_known_ones(db: Path) -> None:
    with pytest.raises(InputError, match="No feed is called 'nvd'"):
        run("update", "--db", db, "nvd")


def test_the_known_feeds_are_listed(db: Path) -> None:
    assert "debian-tracker" in run("update", "--list").output


def test_a_source_is_removed_by_its_name(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev)

    assert run("remove", "--db", db, "kev").output == "kev: removed\n"
    assert sources(db) == []
    with pytest.raises(InputError, match="has no source 'kev'"):
        run("remove", "--db", db, "kev")


def test_a_missing_database_says_how_to_make_one(db: Path) -> None:
    with pytest.raises(InputError, match="make it with `patchops feeds update`"):
        run("status", "--db", db)


def test_json_output_takes_a_query(kev: Path, db: Path) -> None:
    run("import", "--db", db, "kev", kev)

    assert run("status", "--db", db, "--query", "sources[0].records").output == "1\n"


def test_a_single_document_says_that_it_judges_only_what_it_names(db: Path, tmp_path: Path) -> None:
    statement = {"id": "ALSA-2026:1", "modified": "2026-08-20T00:00:00Z", "affected": []}
    document = tmp_path / "alsa.json"
    document.write_text(json.dumps(statement))

    assert "  judges only the packages that it names" in run("import", "--db", db, "osv", document).output
    assert "  judges only the packages that it names" in run("status", "--db", db).output
    declared = run("import", "--db", db, "osv", document, "--whole").output
    assert declared == "osv: updated, 1 records, as of 2026-08-20\n"
    # A later update keeps what was declared.
    assert "judges only" not in run("update", "--db", db, "--force", "osv").output
