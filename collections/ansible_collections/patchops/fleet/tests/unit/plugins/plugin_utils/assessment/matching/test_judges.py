# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feed judges which package, and what none judges."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import Expected, import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment.matching.conftest import (
    NOW,
)

Make = Callable[..., dict[str, Any]]
FRESH, OLD = "2026-08-20", "2025-01-01"
ALMA = {"id": "almalinux", "version_id": "9.6", "support": {"status": "supported"}}


def updateinfo(day: str, packages: Sequence[str]) -> str:
    """One advisory a package."""
    updates = "".join(
        f'<update type="security"><id>ALSA-{name}</id><issued date="{day} 00:00:00"/><references/><pkglist>'
        f'<collection short="c"><package name="{name}" epoch="0" version="1" release="1.el9" arch="x86_64"/>'
        "</collection></pkglist></update>"
        for name in packages
    )
    return f"<updates>{updates}</updates>"


def rpm(name: str, repository: str, vendor: str = "AlmaLinux") -> dict[str, Any]:
    return {
        "name": name,
        "version": "0:2-1.el9",
        "arch": "x86_64",
        "source": name,
        "source_version": "2-1.el9",
        "origin": vendor,
        "suite": repository,
        "module": "",
    }


BASEOS = [rpm(name, "baseos") for name in ("openssl", "bash", "never-named")]
APPSTREAM = [rpm(name, "appstream") for name in ("nginx", "httpd")]


@pytest.fixture
def alma(debian: Make) -> Make:
    def _alma(*packages: dict[str, Any]) -> dict[str, Any]:
        return debian(*packages, os=ALMA, repositories=[])

    return _alma


def coverage_of(feeds: Any, host: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = feeds.matcher().assess(host)["coverage"]
    return found


def codes(coverage: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in coverage["reasons"]]


def test_a_repository_whose_feed_is_fresh_is_judged_as_a_whole(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["openssl", "bash"]), "base", "almalinux:9")
    coverage = coverage_of(feeds, alma(*BASEOS))

    assert (coverage["complete"], coverage["judged"], coverage["packages"]) == (True, 3, 3)
    assert coverage["judges"] == [{"repository": "baseos", "feeds": ["base"], "packages": 3, "judged": True}]


def test_a_fresh_feed_of_one_repository_hides_no_stale_one_of_another(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["openssl", "bash"]), "base", "almalinux:9")
    feeds.add("updateinfo", updateinfo(OLD, ["nginx", "httpd"]), "streams", "almalinux:9")
    coverage = coverage_of(feeds, alma(*BASEOS, *APPSTREAM))

    assert (codes(coverage), coverage["judged"], coverage["packages"]) == (["feed_stale"], 3, 5)
    assert "appstream: streams is of 2025-01-01" in coverage["reasons"][0]["message"]


def test_a_fresh_feed_of_one_repository_hides_no_missing_one_of_another(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["openssl", "bash"]), "base", "almalinux:9")
    coverage = coverage_of(feeds, alma(*BASEOS, *APPSTREAM))

    assert (codes(coverage), coverage["complete"]) == (["feed_missing"], False)
    assert coverage["uncovered"] == [
        {"package": "nginx", "origin": "appstream"},
        {"package": "httpd", "origin": "appstream"},
    ]


def test_a_feed_that_is_called_like_the_repository_is_its_feed(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["something-else"]), "el9-appstream", "almalinux:9")

    assert coverage_of(feeds, alma(*APPSTREAM))["complete"] is True


def test_packages_of_an_unknown_repository_need_every_feed_to_be_fresh(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["openssl"]), "base", "almalinux:9")
    feeds.add("updateinfo", updateinfo(OLD, ["nginx"]), "streams", "almalinux:9")

    assert codes(coverage_of(feeds, alma(rpm("bash", "")))) == ["feed_stale"]


def test_a_package_of_another_publisher_is_uncovered_and_counted(feeds: Any, alma: Make) -> None:
    feeds.add("updateinfo", updateinfo(FRESH, ["openssl"]), "base", "almalinux:9")
    coverage = coverage_of(feeds, alma(*BASEOS, rpm("htop", "epel", "Fedora Project")))

    assert (coverage["complete"], coverage["judged"], coverage["packages"]) == (True, 3, 4)
    assert coverage["uncovered"] == [{"package": "htop", "origin": "Fedora Project"}]


DSA_LIST = "[20 Aug 2026] DSA-1-1 curl - x\n\t{CVE-2026-1001}\n\t[bookworm] - curl 1-1\n"


@pytest.mark.parametrize(
    ("status", "names", "wanted"),
    [
        ("supported", ["debian-dsa"], []),
        ("lts", ["debian-dsa"], ["feed_missing"]),
        ("lts", ["debian-dsa", "debian-dla"], []),
        ("supported", ["debian-dla"], ["feed_missing"]),
    ],
)
def test_a_release_in_lts_is_judged_by_the_list_of_dlas(
    feeds: Any, debian: Make, package: Make, status: str, names: list[str], wanted: list[str]
) -> None:
    for name in names:
        feeds.add("debian-dsa", DSA_LIST, name)
    system = {"id": "debian", "version_id": "12", "codename": "bookworm", "support": {"status": status}}

    assert codes(coverage_of(feeds, debian(package("curl", "2-1"), os=system))) == wanted


def test_a_statement_on_single_packages_is_no_feed_of_a_release(
    feeds: Any, debian: Make, package: Make
) -> None:
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex",
        "author": "x",
        "timestamp": f"{FRESH}T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1001"},
                "products": [{"@id": "pkg:deb/debian/curl@1-1?distro=debian-12"}],
                "status": "affected",
            }
        ],
    }
    feeds.add("openvex", json.dumps(vex))

    assert codes(coverage_of(feeds, debian(package("bash", "2-1")))) == ["feed_missing"]


def secdb(*packages: str) -> str:
    entries = [{"pkg": {"name": name, "secfixes": {"1-r0": ["CVE-2026-1001"]}}} for name in packages]
    return json.dumps({"distroversion": "v3.21", "packages": entries})


def apk(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": "2-r0",
        "arch": "x86_64",
        "source": name,
        "source_version": "2-r0",
        "origin": "",
        "suite": None,
    }


@pytest.mark.parametrize(
    ("files", "judged", "wanted"),
    [
        (["main.json", "community.json"], 3, []),
        (["main.json"], 1, ["feed_missing"]),
    ],
)
def test_what_alpines_main_does_not_name_may_be_of_community(
    feeds: Any, debian: Make, files: list[str], judged: int, wanted: list[str]
) -> None:
    for name, packages in zip(files, (["curl"], ["nodejs"]), strict=False):
        feeds.add("alpine-secdb", secdb(*packages), name)
    host = debian(
        *map(apk, ("curl", "nodejs", "quiet")),
        os={"id": "alpine", "version_id": "3.21.0", "support": {"status": "supported"}},
        repositories=[{"suite": "v3.21", "component": one} for one in ("main", "community")],
    )
    coverage = coverage_of(feeds, host)

    assert (codes(coverage), coverage["judged"]) == (wanted, judged)
    assert {row["package"] for row in coverage["uncovered"]} == ({"nodejs", "quiet"} if wanted else set())


def test_packages_of_another_release_are_uncovered(feeds: Any, debian: Make, package: Make) -> None:
    feeds.dsa(("DSA-1-1", "curl", "1-1", ["CVE-2026-1001"]))
    repositories = [
        {"suite": "stable-security", "codename": "bookworm-security"},
        {"suite": "testing", "codename": "forky"},
    ]
    host = debian(package("curl", "2-1"), package("bash", "6-1", suite="testing"), repositories=repositories)
    coverage = coverage_of(feeds, host)

    assert (coverage["judged"], coverage["packages"]) == (1, 2)
    assert coverage["uncovered"] == [{"package": "bash", "origin": "release forky"}]


@pytest.mark.parametrize(
    "version",
    [
        "1.20.2-1~bookworm",
        "15.19-1.pgdg120+1",
        "5:24.0.7-1~debian.12~bookworm",
        "18.20.4-1nodesource1",
        "2:8.3.7+1+debian12+deb.sury.org+1",
        "1:11.4.2+maria~deb12",
    ],
)
def test_a_version_that_debian_does_not_make_is_somebody_elses_where_nobody_tells_the_origin(
    feeds: Any, debian: Make, package: Make, version: str
) -> None:
    feeds.dsa(("DSA-1-1", "nginx", "999:1-1", ["CVE-2026-1001"]))
    document = feeds.matcher().assess(debian(package("nginx", version, origin="")))

    assert [one for one in document["findings"] if one["package"]] == []
    assert document["coverage"]["uncovered"] == [{"package": "nginx", "origin": "unknown publisher"}]


@pytest.mark.shared
@pytest.mark.parametrize(("host", "foreign"), [("bookworm-lab", set()), ("sandbox-python", {"nodejs"})])
def test_versions_of_a_real_host_are_told_apart(
    shared_data: Path, tmp_path: Path, host: str, foreign: set[str]
) -> None:
    debian = shared_data / "debian"
    document = read_inventory(
        "dpkg-status", debian / f"hosts/dpkg-status.{host}.gz", debian / "hosts/os-release"
    )
    database = tmp_path / "db.sqlite3"
    import_feed(database, "jsonl", Feed(debian / "dsa-dla.jsonl.gz"), now=NOW, expected=Expected(as_of=FRESH))
    with AdvisoryDatabase.open(database) as opened:
        uncovered = Matcher(opened, now=NOW).assess(document)["coverage"]["uncovered"]

    assert {row["package"] for row in uncovered if row["origin"] == "unknown publisher"} == foreign
