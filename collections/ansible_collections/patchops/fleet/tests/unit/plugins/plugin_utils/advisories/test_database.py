# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Affected, Kev
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import (
    Expected,
    import_feed,
    mark_checked,
    remove_source,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.catalogue import (
    FeedSpec,
    default_name,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import (
    AdvisoryDatabase,
    DatabaseError,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.update import update

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def advisory(name: str, cve: str, version: str) -> str:
    fixed = [["bookworm", "curl", version]]
    return json.dumps(
        {"id": name, "date": "2026-08-21", "package": "curl", "title": "t", "cves": [cve], "fixed": fixed}
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two advisories on curl and a KEV entry."""
    database = tmp_path / "advisories.sqlite3"
    feed = tmp_path / "dsa.jsonl"
    feed.write_text(
        advisory("DSA-1-1", "CVE-2024-1001", "7.1") + "\n" + advisory("DSA-2-1", "CVE-2024-1002", "7.2")
    )
    import_feed(database, "jsonl", Feed(feed), name="debian", now=NOON)
    kev = tmp_path / "kev.csv"
    kev.write_text("cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2024-1001,curl,2024-02-01,2024-02-22\n")
    import_feed(database, "kev", Feed(kev), now=NOON)
    return database


def test_a_source_carries_where_when_how_much_and_the_hash(path: Path, tmp_path: Path) -> None:
    with AdvisoryDatabase.open(path) as database:
        debian, kev = database.sources()

    assert (debian.name, debian.kind, debian.location) == ("debian", "jsonl", str(tmp_path / "dsa.jsonl"))
    assert (debian.imported_at, debian.as_of, debian.records) == ("2026-11-22T12:00:00Z", "2026-08-21", 2)
    assert len(debian.sha256) == 64
    assert debian.size == (tmp_path / "dsa.jsonl").stat().st_size
    assert (kev.name, kev.as_of) == ("kev", "2024-02-01")


def test_rules_of_a_release_come_with_their_advisory(path: Path) -> None:
    with AdvisoryDatabase.open(path) as database:
        rules = sorted(database.rules("debian:bookworm", ["curl"]), key=lambda rule: rule.advisory.name)
        assert [rule.affected.fixed for rule in rules] == ["7.1", "7.2"]
        assert rules[0].advisory.cves == ("CVE-2024-1001",)
        assert rules[0].advisory.source == "debian"
        assert len(list(database.rules("debian:bookworm"))) == 2
        assert list(database.rules("debian:trixie")) == []
        assert list(database.rules("debian:bookworm", ["wget"])) == []


def test_an_advisory_and_a_cve_are_found_by_name(path: Path) -> None:
    with AdvisoryDatabase.open(path) as database:
        found = database.advisory("DSA-2-1")
        assert found is not None
        assert found.affected == (Affected("debian:bookworm", "curl", "fixed", "7.2"),)
        assert database.advisory("DSA-9-1") is None
        assert [one.name for one in database.advisories_of("cve-2024-1001")] == ["DSA-1-1"]
        assert [rule.affected.fixed for rule in database.affected_by("CVE-2024-1002")] == ["7.2"]
        assert database.kev("CVE-2024-1001") == Kev(
            "CVE-2024-1001", "curl", "2024-02-01", "2024-02-22", ransomware=None, forensics=None
        )
        assert database.kev("CVE-2024-1002") is None
        assert (database.epss("CVE-2024-1001"), database.ssvc("CVE-2024-1001")) == (None, None)
        assert database.cvss("CVE-2024-1001") is None


def test_importing_a_source_again_replaces_its_rows_and_no_others(path: Path, tmp_path: Path) -> None:
    feed = tmp_path / "dsa.jsonl"
    feed.write_text(advisory("DSA-3-1", "CVE-2024-1003", "7.3"))
    import_feed(path, "jsonl", Feed(feed), name="debian", now=NOON)

    with AdvisoryDatabase.open(path) as database:
        assert [rule.advisory.name for rule in database.rules("debian:bookworm")] == ["DSA-3-1"]
        assert database.advisories_of("CVE-2024-1001") == []
        assert database.kev("CVE-2024-1001") is not None


@pytest.mark.parametrize("content", ["{", "", '{"id": 1}', '{"id": "DSA-4-1", "date": "x"}'])
def test_a_feed_that_is_refused_leaves_the_file_as_it_was(path: Path, tmp_path: Path, content: str) -> None:
    before = path.read_bytes()
    feed = tmp_path / "dsa.jsonl"
    feed.write_text(advisory("DSA-3-1", "CVE-2024-1003", "7.3") + "\n" + content if content else "")

    with pytest.raises(FeedError):
        import_feed(path, "jsonl", Feed(feed), name="debian", now=NOON)

    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*.building"))


def test_a_version_of_absurd_length_is_refused(path: Path, tmp_path: Path) -> None:
    feed = tmp_path / "dsa.jsonl"
    feed.write_text(advisory("DSA-3-1", "CVE-2024-1003", "7" * 600))

    with pytest.raises(FeedError, match="DSA-3-1: a version of 600 characters; refused"):
        import_feed(path, "jsonl", Feed(feed), name="debian", now=NOON)


def test_a_reader_keeps_the_state_that_it_opened(path: Path) -> None:
    with AdvisoryDatabase.open(path) as database:
        assert remove_source(path, "debian")
        assert len(list(database.rules("debian:bookworm"))) == 2
    with AdvisoryDatabase.open(path) as database:
        assert list(database.rules("debian:bookworm")) == []


def test_removing_an_unknown_source_says_so(path: Path) -> None:
    assert not remove_source(path, "nobody")


def test_an_unchanged_feed_moves_only_the_time_of_the_check(path: Path) -> None:
    mark_checked(path, "debian", now=datetime(2026, 11, 23, tzinfo=timezone.utc))

    with AdvisoryDatabase.open(path) as database:
        debian = database.sources()[0]
    assert (debian.imported_at, debian.checked_at) == ("2026-11-22T12:00:00Z", "2026-11-23T00:00:00Z")


def test_an_unknown_kind_is_refused_with_the_known_ones(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"unknown kind 'cpe'; known: .*jsonl, kev"):
        import_feed(path, "cpe", Feed(tmp_path / "dsa.jsonl"))


@pytest.mark.parametrize("release", ["wat", "almalinux", "almalinux:9.4", "windows:11"])
def test_a_release_that_no_host_can_have_is_refused(path: Path, tmp_path: Path, release: str) -> None:
    with pytest.raises(FeedError, match=f"'{release}' is no release; write it like almalinux:9"):
        import_feed(path, "jsonl", Feed(tmp_path, release=release))


@pytest.mark.parametrize(
    ("kind", "location", "release", "name"),
    [
        ("debian-dsa", "data/DSA.list.gz", "", "debian-dsa"),
        ("debian-dsa", "data/DLA.list.gz", "", "debian-dla"),
        ("debian-dsa", "https://tracker.example/data/DLA/list", "", "debian-dla"),
        ("debian-dsa", "/srv/my-dla-copies/DSA.list", "", "debian-dsa"),
        ("updateinfo", "updateinfo.xml", "almalinux:9", "updateinfo-almalinux-9"),
    ],
)
def test_feeds_that_stand_beside_each_other_have_names_of_their_own(
    kind: str, location: str, release: str, name: str
) -> None:
    assert default_name(kind, location, release) == name


def test_a_missing_feed_is_refused_by_name(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="nowhere: does not exist"):
        import_feed(path, "kev", Feed(tmp_path / "nowhere"))


def test_a_missing_database_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        DatabaseError, match="there is no advisory database; make it with `patchops feeds update`"
    ):
        AdvisoryDatabase.open(tmp_path / "none")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello " * 200)

    with pytest.raises(DatabaseError, match="can't be read: file is not a database"):
        AdvisoryDatabase.open(tmp_path / "text")


def test_somebody_elses_database_is_neither_read_nor_overwritten(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.sqlite3"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE mine (a)")
    connection.close()
    before = foreign.read_bytes()
    feed = tmp_path / "dsa.jsonl"
    feed.write_text(advisory("DSA-3-1", "CVE-2024-1003", "7.3"))

    with pytest.raises(DatabaseError, match="is no advisory database"):
        import_feed(foreign, "jsonl", Feed(feed))
    assert foreign.read_bytes() == before


def write(path: Path, *advisories: int) -> Feed:
    lines = (advisory(f"DSA-{one}-1", f"CVE-2024-{2000 + one}", "7.1") for one in advisories)
    path.write_text("\n".join(lines))
    return Feed(path)


def records_of(path: Path) -> int:
    with AdvisoryDatabase.open(path) as database:
        return next(one.records for one in database.sources() if one.name == "debian")


def test_a_feed_that_lost_a_large_part_is_refused_unless_somebody_confirms_it(
    path: Path, tmp_path: Path
) -> None:
    import_feed(path, "jsonl", write(tmp_path / "long", *range(20)), name="debian", now=NOON)
    short = write(tmp_path / "short", *range(15))

    with pytest.raises(FeedError, match=r"holds 15 records where the import before had 20; .*--allow-shrink"):
        import_feed(path, "jsonl", short, name="debian", now=NOON)
    assert records_of(path) == 20
    import_feed(path, "jsonl", write(tmp_path / "short", *range(17)), name="debian", now=NOON)
    import_feed(path, "jsonl", write(tmp_path / "short", 1), name="debian", now=NOON, expected=Expected(1))
    assert records_of(path) == 1


def test_a_feed_that_shrank_is_imported_when_it_is_confirmed(path: Path, tmp_path: Path) -> None:
    import_feed(path, "jsonl", write(tmp_path / "long", *range(20)), name="debian", now=NOON)
    confirmed = Expected(may_shrink=True)
    import_feed(path, "jsonl", write(tmp_path / "short", 1, 2), name="debian", now=NOON, expected=confirmed)
    assert records_of(path) == 2


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (Expected(records=4), "holds 3 records, expected 4; fetch it again"),
        (Expected(sha256="beef"), "has the SHA-256 [0-9a-f]{64}, expected beef; fetch it again"),
    ],
)
def test_a_feed_with_another_count_or_hash_than_expected_is_refused(
    path: Path, tmp_path: Path, expected: Expected, message: str
) -> None:
    with pytest.raises(FeedError, match=message):
        import_feed(path, "jsonl", write(tmp_path / "a", 1, 2, 3), name="debian", expected=expected)
    assert records_of(path) == 2


SECDB = {"distroversion": "v3.21", "packages": [{"pkg": {"name": "curl", "secfixes": {"1": ["CVE-2024-1"]}}}]}


@pytest.mark.parametrize(("told", "as_of"), [("", ""), ("2026-11-20", "2026-11-20")])
def test_a_feed_without_a_date_has_that_which_it_is_given_and_never_the_day_of_the_import(
    path: Path, tmp_path: Path, told: str, as_of: str
) -> None:
    feed = tmp_path / "main.json"
    feed.write_text(json.dumps(SECDB).replace("CVE-2024-1", "CVE-2024-1001"))
    source = import_feed(path, "alpine-secdb", Feed(feed), now=NOON, expected=Expected(as_of=told))

    assert source.as_of == as_of


def test_a_date_in_the_future_makes_no_feed_newer(path: Path, tmp_path: Path) -> None:
    feed = tmp_path / "dsa.jsonl"
    late = advisory("DSA-1-1", "CVE-2024-1001", "7.1").replace("2026-08-21", "2029-01-01")
    feed.write_text(f"{late}\n{advisory('DSA-2-1', 'CVE-2024-1002', '7.2')}")

    assert import_feed(path, "jsonl", Feed(feed), name="debian", now=NOON).as_of == "2026-08-21"


KEV_ROW = "CVE-2024-1001,curl,2024-02-01,2024-02-22\n"


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("kev", f"cveID,vulnerabilityName,dateAdded,dueDate\n{KEV_ROW[:-1]}", "line 2: has no end"),
        ("kev", "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2024-1001,curl,2024-02-01\n", "as many col"),
        (
            "kev",
            '{"count": 2, "vulnerabilities": [{}]}',
            "count: says 2, but there are 1",
        ),
        ("epss", "#score_date:2026-11-20\ncve,epss,percentile\nCVE-2024-1001,0.12,0.1", "line 3: has no end"),
        ("debian-dsa", "[1 Nov 2026] DSA-1-1 a - b\n\t[bookworm] - a 1.2", "line 2: has no end"),
        ("debian-dsa", "[1 Nov 2026] DSA-1-1 a - b\n\t{CVE-2026-1001}\n", "the last advisory names no fix"),
    ],
)
def test_a_feed_that_was_cut_is_refused(
    path: Path, tmp_path: Path, kind: str, text: str, message: str
) -> None:
    (tmp_path / "cut").write_text(text)
    with pytest.raises(FeedError, match=message):
        import_feed(path, kind, Feed(tmp_path / "cut"), name="debian", now=NOON)
    assert records_of(path) == 2


def test_a_database_of_a_former_version_is_read_and_its_sources_are_imported_again(
    tmp_path: Path,
) -> None:
    document = tmp_path / "one.json"
    document.write_text('{"id": "ALSA-2026:1", "modified": "2026-08-20T00:00:00Z", "affected": []}')
    path, spec = tmp_path / "former.sqlite3", FeedSpec("one", "osv", str(document))
    update(path, [spec])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE source_trait")
        connection.commit()
    with AdvisoryDatabase.open(path) as opened:
        assert [source.scope for source in opened.sources()] == [""]

    assert [one.state for one in update(path, [spec])] == ["updated"]
    assert [one.state for one in update(path, [spec])] == ["unchanged"]
    with AdvisoryDatabase.open(path) as opened:
        assert [source.scope for source in opened.sources()] == ["some"]
