# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Kev, Released
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]

ENTRY = {
    "cveID": "CVE-2025-48384",
    "vulnerabilityName": "Git Link Following Vulnerability",
    "dateAdded": "2025-08-25",
    "dueDate": "2025-09-15",
    "knownRansomwareCampaignUse": "Unknown",
}
EXPECTED = Kev(
    "CVE-2025-48384",
    "Git Link Following Vulnerability",
    "2025-08-25",
    "2025-09-15",
    ransomware=None,
    forensics=None,
)


def catalogue(*entries: dict[str, Any]) -> str:
    return json.dumps({"dateReleased": "2025-08-25T17:04:19.9796Z", "vulnerabilities": entries})


def test_the_json_catalogue_gives_its_date_and_its_entries(read: Read) -> None:
    assert read("kev", catalogue(ENTRY)) == [Released("2025-08-25"), EXPECTED]


def test_the_csv_catalogue_gives_the_same_entry(read: Read) -> None:
    text = ",".join(ENTRY) + "\r\n" + ",".join(ENTRY.values()) + "\r\n"

    assert read("kev", text) == [EXPECTED]


def test_known_ransomware_use_is_kept(read: Read) -> None:
    _released, entry = read("kev", catalogue({**ENTRY, "knownRansomwareCampaignUse": "Known"}))

    assert entry.ransomware is True


@pytest.mark.parametrize(("said", "expected"), [("Yes", True), ("No", False), ("", None)])
def test_the_forensic_field_is_kept(read: Read, said: str, expected: bool | None) -> None:
    _released, entry = read("kev", catalogue({**ENTRY, "forensicTriage": said}))

    assert entry.forensics is expected


def test_an_entry_without_a_due_date_is_an_entry(read: Read) -> None:
    _released, entry = read("kev", catalogue({**ENTRY, "dueDate": None}))

    assert entry.due_date == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "vulnerabilities: is missing; this is no KEV catalogue"),
        ("a,b\n1,2\n", "line 1: has no column cveID; this is no KEV catalogue"),
        (catalogue({**ENTRY, "cveID": "x"}), "vulnerabilities[0].cveID: expected a CVE id, found 'X'"),
        (catalogue({**ENTRY, "dateAdded": None}), "vulnerabilities[0].dateAdded: is empty"),
        ('{"vulnerabilities": [1]}', "vulnerabilities[0]: expected an object, found a number"),
    ],
)
def test_what_is_no_catalogue_is_refused(read: Read, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FeedError) as refused:
        read("kev", text)

    assert str(refused.value) == f"{tmp_path}/feed: {message}"


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("kev-2025-08-25.json.gz", 1404), ("kev-2025-11-18.csv", 1460)])
def test_the_real_catalogue_is_read_in_both_forms(shared_data: Path, name: str, count: int) -> None:
    records = list(KINDS["kev"](Feed(shared_data / "kev" / name)))

    assert sum(isinstance(one, Kev) for one in records) == count
