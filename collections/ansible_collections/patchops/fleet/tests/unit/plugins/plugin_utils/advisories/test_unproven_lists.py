# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that may have been cut at an entry's end is used, and not believed to be whole."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import Expected, import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import Freshness, currencies
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.vulnerabilities import Vulnerabilities

NOW = datetime(2026, 8, 22, 12, tzinfo=timezone.utc)
ENTRY = {"cveID": "CVE-2026-1001", "dateAdded": "2026-08-20", "dueDate": "2026-09-10"}
KEV_JSON = json.dumps({"dateReleased": "2026-08-20T00:00:00Z", "vulnerabilities": [ENTRY]})
KEV_HEAD = "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2026-1001,x,2026-08-20,2026-09-10\n"
KEV_END = "CVE-2020-29583,Zyxel,2021-11-03,2022-05-03\n"
EPSS = "#score_date:2026-08-20T00:00:00Z\ncve,epss,percentile\nCVE-2026-1001,0.5,0.9\n"
DSA_HEAD = "[20 Aug 2026] DSA-6000-1 curl - update\n\t{CVE-2026-1001}\n\t[bookworm] - curl 2-1\n"
DSA_END = "[02 Jul 2002] DSA-135 mod-ssl -- DoS\n\t{CVE-2002-0653}\n\t[woody] - mod-ssl 2.8.9-2\n"
LISTS = [("kev", KEV_JSON), ("kev", KEV_HEAD), ("epss", EPSS), ("debian-dsa", DSA_HEAD)]


def put(folder: Path, kind: str, text: str, compress: bool = False, **known: Any) -> Source:
    file = folder / "feed"
    file.write_bytes(gzip.compress(text.encode()) if compress else text.encode())
    return import_feed(folder / "db.sqlite3", kind, Feed(file), now=NOW, expected=Expected(**known))


@pytest.mark.parametrize(("kind", "text"), LISTS)
def test_a_list_without_an_end_is_not_taken_for_current(tmp_path: Path, kind: str, text: str) -> None:
    source = put(tmp_path, kind, text)

    assert source.unproven
    assert not Freshness().holds(source, NOW)


@pytest.mark.parametrize(("kind", "text"), LISTS)
@pytest.mark.parametrize("known", [{"compress": True}, {"records": 1}, {"is_fetched": True}])
def test_a_count_a_hash_a_whole_transfer_or_compression_prove_it(
    tmp_path: Path, kind: str, text: str, known: dict[str, Any]
) -> None:
    source = put(tmp_path, kind, text, **known)

    assert source.unproven == ""
    assert Freshness().holds(source, NOW)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("kev", KEV_HEAD + KEV_END),
        ("debian-dsa", DSA_HEAD + DSA_END),
        ("kev", json.dumps({**json.loads(KEV_JSON), "count": 1})),
    ],
)
def test_a_list_that_runs_to_its_first_entry_is_whole(tmp_path: Path, kind: str, text: str) -> None:
    assert put(tmp_path, kind, text).unproven == ""


def test_a_catalogue_that_may_have_been_cut_does_not_say_that_a_cve_is_not_exploited(tmp_path: Path) -> None:
    put(tmp_path, "kev", KEV_HEAD)
    with AdvisoryDatabase.open(tmp_path / "db.sqlite3") as opened:
        known = Vulnerabilities(opened, NOW)
        listed, other = (known.of({"cves": [cve]})[0] for cve in ("CVE-2026-1001", "CVE-2026-1002"))
        told = str(currencies(opened.sources(), NOW, Freshness())["kev"])

    assert (str(listed.kev_added), other.kev_added) == ("2026-08-20", None)
    assert "may have been cut" in other.kev_gap
    assert told == "of 2026-08-20, and may have been cut (it doesn't end with the catalogue's first entry)"


def test_a_list_of_advisories_that_may_have_been_cut_leaves_the_host_unknown(tmp_path: Path) -> None:
    put(tmp_path, "debian-dsa", DSA_HEAD)
    host = {
        "os": {
            "id": "debian",
            "version_id": "12",
            "codename": "bookworm",
            "support": {"status": "supported"},
        },
        "packages": [
            {"name": "curl", "version": "1-1", "arch": "amd64", "source": "curl", "origin": "Debian"}
        ],
    }
    with AdvisoryDatabase.open(tmp_path / "db.sqlite3") as opened:
        document = Matcher(opened, now=NOW).assess(host)

    assert "feed_may_be_cut" in [one["code"] for one in document["coverage"]["reasons"]]
    assert "missing" in [one["state"] for one in document["findings"]]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["DSA.list.gz", "DLA.list.gz"])
def test_debians_lists_end_with_their_first_advisory(shared_data: Path, tmp_path: Path, name: str) -> None:
    text = gzip.decompress((shared_data / "debian" / name).read_bytes()).decode()

    assert put(tmp_path, "debian-dsa", text).unproven == ""


@pytest.mark.shared
def test_the_catalogue_as_csv_ends_with_its_first_entry(shared_data: Path, tmp_path: Path) -> None:
    assert put(tmp_path, "kev", (shared_data / "kev/kev-2025-11-18.csv").read_text("utf-8")).unproven == ""
