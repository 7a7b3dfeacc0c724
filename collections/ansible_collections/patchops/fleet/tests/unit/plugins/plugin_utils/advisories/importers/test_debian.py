# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]

LIST = """\
[12 Feb 2025] DSA-5865-1 webkit2gtk - security update
\t{CVE-2025-24143 CVE-2025-24150}
\t[bookworm] - webkit2gtk 2.46.6-1~deb12u1
\tNOTE: a remark
[10 Jan 2004] DSA-400-2 pam - denial of service
\t[woody] - pam <not-affected> (Vulnerable code not present)
\t[sarge] - pam 0.76-22 (bug #1; medium)
[18 Apr 2018] DSA-4205-1 jessie end-of-life
"""


def test_the_list_gives_an_advisory_with_cves_and_the_fix_of_each_suite(read: Read) -> None:
    first, _second = read("debian-dsa", LIST)

    assert first == Advisory(
        name="DSA-5865-1",
        title="webkit2gtk - security update",
        issued="2025-02-12",
        updated="2025-02-12",
        url="https://security-tracker.debian.org/tracker/DSA-5865-1",
        cves=("CVE-2025-24143", "CVE-2025-24150"),
        affected=(Affected("debian:bookworm", "webkit2gtk", "fixed", "2.46.6-1~deb12u1"),),
    )


def test_a_suite_that_is_not_affected_has_no_fixed_version(read: Read) -> None:
    _first, second = read("debian-dsa", LIST)

    assert second.affected == (
        Affected("debian:woody", "pam", "not_affected", note="not-affected"),
        Affected("debian:sarge", "pam", "fixed", "0.76-22"),
    )


def test_an_announcement_without_fixes_is_no_advisory(read: Read) -> None:
    assert [one.name for one in read("debian-dsa", LIST)] == ["DSA-5865-1", "DSA-400-2"]


def test_a_line_that_is_not_of_the_list_format_is_refused_with_its_number(read: Read, tmp_path: Path) -> None:
    with pytest.raises(FeedError) as refused:
        read("debian-dsa", "[12 Feb 2025] DSA-1-1 a - b\nhello there\n")

    assert str(refused.value) == f"{tmp_path}/feed: line 2: not in the tracker's list format: 'hello there'"


def test_the_normalised_form_gives_the_same_advisory_as_the_list(read: Read) -> None:
    line = {
        "id": "DSA-5865-1",
        "date": "2025-02-12",
        "package": "webkit2gtk",
        "title": "security update",
        "cves": ["CVE-2025-24143", "CVE-2025-24150"],
        "fixed": [["bookworm", "webkit2gtk", "2.46.6-1~deb12u1"]],
        "src": "list",
    }

    assert read("jsonl", json.dumps(line)) == read("debian-dsa", LIST)[:1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": 5}', "line 1.id: expected text, found a number"),
        ("[]", "line 1: expected an object, found a list"),
        (
            "{",
            "line 1: not valid JSON: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ('{"id": "DSA-1-1", "date": "soon"}', "line 1.date: expected a date (YYYY-MM-DD), found 'soon'"),
        (
            '{"id": "DSA-1-1", "date": "2025-01-01", "package": "a", "title": "b", "fixed": [["bookworm"]]}',
            "line 1.fixed: expected [suite, source, version], found ['bookworm']",
        ),
    ],
)
def test_a_wrong_line_of_the_normalised_form_is_refused(
    read: Read, tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(FeedError) as refused:
        read("jsonl", line)

    assert str(refused.value) == f"{tmp_path}/feed: {message}"


def tracker(release: dict[str, str]) -> str:
    return json.dumps({"curl": {"CVE-2024-1001": {"description": "d", "releases": {"bookworm": release}}}})


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (
            {"status": "resolved", "fixed_version": "7.88-1", "urgency": "high**"},
            Affected("debian:bookworm", "curl", "fixed", "7.88-1"),
        ),
        (
            {"status": "resolved", "fixed_version": "0", "urgency": "low"},
            Affected("debian:bookworm", "curl", "not_affected"),
        ),
        ({"status": "open", "urgency": "not yet assigned"}, Affected("debian:bookworm", "curl", "affected")),
        (
            {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": ""},
            Affected("debian:bookworm", "curl", "deferred", note="no-dsa: Minor issue"),
        ),
        (
            {
                "status": "open",
                "urgency": "low",
                "nodsa": "Wait for a point release",
                "nodsa_reason": "postponed",
            },
            Affected("debian:bookworm", "curl", "deferred", note="postponed: Wait for a point release"),
        ),
        (
            {"status": "open", "urgency": "end-of-life"},
            Affected("debian:bookworm", "curl", "deferred", note="end-of-life"),
        ),
        (
            {"status": "undetermined", "urgency": "low"},
            Affected("debian:bookworm", "curl", "under_investigation", note="undetermined"),
        ),
    ],
)
def test_the_tracker_says_what_a_release_does_about_a_cve(
    read: Read, release: dict[str, str], expected: Affected
) -> None:
    (advisory,) = read("debian-tracker", tracker(release))

    assert advisory.affected == (expected,)
    assert advisory.cves == ("CVE-2024-1001",)


def test_a_tracker_entry_whose_releases_are_an_empty_list_affects_nothing(read: Read) -> None:
    (advisory,) = read("debian-tracker", '{"chromium-browser": {"CVE-2022-0358": {"releases": []}}}')

    assert advisory.affected == ()


def test_a_tracker_status_that_nobody_knows_is_refused_with_its_place(read: Read, tmp_path: Path) -> None:
    with pytest.raises(FeedError) as refused:
        read("debian-tracker", tracker({"status": "maybe"}))

    assert str(refused.value) == (
        f"{tmp_path}/feed: curl.CVE-2024-1001.releases.bookworm.status:"
        " expected resolved, open or undetermined, found 'maybe'"
    )


@pytest.mark.shared
def test_the_real_lists_are_read_to_the_last_line(shared_data: Path) -> None:
    dsa = list(KINDS["debian-dsa"](Feed(shared_data / "debian" / "DSA.list.gz")))
    dla = list(KINDS["debian-dsa"](Feed(shared_data / "debian" / "DLA.list.gz")))

    assert (len(dsa), len(dla)) == (5885, 4220)


@pytest.mark.shared
def test_the_real_normalised_feed_holds_871_advisories_for_bookworm(shared_data: Path) -> None:
    records = [
        one
        for one in KINDS["jsonl"](Feed(shared_data / "debian" / "dsa-dla.jsonl.gz"))
        if isinstance(one, Advisory)
    ]
    bookworm = [one for one in records if any(fix.release == "debian:bookworm" for fix in one.affected)]

    assert (len(records), len(bookworm)) == (11103, 871)
