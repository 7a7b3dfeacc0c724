# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.facts.support import find_support

DISTRO = Path(__file__).resolve().parents[10] / "shared" / "data" / "distro"


@pytest.mark.parametrize(
    ("version", "today", "status"),
    [
        ("12", "2026-07-11", "supported"),
        ("12", "2026-07-12", "lts"),
        ("12", "2028-06-30", "lts"),
        ("12", "2028-07-01", "ended"),
        ("13", "2026-11-22", "supported"),
        ("14", "2026-11-22", "unknown"),
        (None, "2026-11-22", "unknown"),
    ],
)
def test_the_support_of_debian_releases_by_day(version: str | None, today: str, status: str) -> None:
    assert find_support("debian", version, today)["status"] == status


def test_a_distribution_that_rolls_has_no_end() -> None:
    assert find_support("arch", "rolling", "2026-11-22") == {
        "status": "supported",
        "ends": None,
        "lts_ends": None,
        "source": None,
    }


def test_alpine_is_supported_by_branch() -> None:
    found = find_support("alpine", "3.21.3", "2026-11-02")
    assert (found["status"], found["ends"]) == ("ended", "2026-11-01")


@pytest.mark.parametrize(
    ("distribution", "version", "status", "source"),
    [
        ("sles", "15.5", "lts", "suse.com/lifecycle"),
        ("sles", "15.7", "supported", "suse.com/lifecycle"),
        ("opensuse-leap", "15.6", "ended", "en.opensuse.org/Lifetime"),
        ("opensuse-tumbleweed", "20261120", "supported", None),
    ],
)
def test_the_support_of_suse_releases(
    distribution: str, version: str, status: str, source: str | None
) -> None:
    found = find_support(distribution, version, "2026-11-22")
    assert (found["status"], found["source"]) == (status, source)


def test_a_release_without_long_term_support_ends_at_once() -> None:
    assert find_support("ubuntu", "25.10", "2026-07-10")["status"] == "ended"


@pytest.mark.parametrize(("today", "status"), [("2026-05-13", "supported"), ("2026-05-14", "ended")])
def test_a_release_that_is_not_in_the_table_ends_when_it_says_itself(today: str, status: str) -> None:
    found = find_support("fedora", "42", today, "2026-05-13")
    assert (found["status"], found["source"]) == (status, "os-release")


def test_what_a_release_says_of_itself_counts_as_a_date_only() -> None:
    assert find_support("fedora", "42", "2026-11-22", "soon")["status"] == "unknown"
    assert find_support("debian", "12", "2026-11-22", "2020-01-01")["source"] == "distro-info-data"


def test_a_distribution_that_is_not_in_the_table_is_unknown() -> None:
    assert find_support("slackware", "15.0", "2026-11-22") == {
        "status": "unknown",
        "ends": None,
        "lts_ends": None,
        "source": None,
    }


@pytest.mark.shared
@pytest.mark.skipif(not DISTRO.is_dir(), reason=f"the reference data is missing: {DISTRO}")
@pytest.mark.parametrize(
    ("distribution", "long_term", "versions"),
    [
        ("debian", "eol-lts", ["9", "10", "11", "12", "13"]),
        ("ubuntu", "eol-esm", ["14.04", "16.04", "18.04", "20.04", "22.04", "24.04", "25.10", "26.04"]),
    ],
)
def test_the_table_says_what_distro_info_says(distribution: str, long_term: str, versions: list[str]) -> None:
    rows = csv.DictReader((DISTRO / f"{distribution}.csv").read_text("utf-8").splitlines())
    ends = {row["version"].removesuffix(" LTS"): (row["eol"], row[long_term]) for row in rows}
    ours = {version: find_support(distribution, version, "2026-11-22") for version in versions}
    assert {version: (one["ends"], one["lts_ends"]) for version, one in ours.items()} == {
        version: ends[version] for version in versions
    }
