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


def openvex(package: str, day: str = FRESH) -> str:
    statement = {
        "vulnerability": {"name": "CVE-2026-1001"},
        "products": [{"@id": package}],
        "status": "affected",
    }
    return json.dumps(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://example.org/vex",
            "author": "x",
            "timestamp": f"{day}T00:00:00Z",
            "version": 1,
            "statements": [statement],
        }
    )


def osv(ecosystem: str, name: str, fixed: str, number: int = 1, day: str = FRESH) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    return {
        "id": f"XSA-2026:{number}",
        "modified": f"{day}T00:00:00Z",
        "aliases": [f"CVE-2026-{1000 + number}"],
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }


def csaf(cpe: str, name: str, fixed: str, day: str = FRESH) -> str:
    platform = {
        "product_id": "P",
        "name": "P",
        "product_identification_helper": {"cpe": cpe},
    }
    whole = {"name": "x", "product_id": f"P:{name}-{fixed}.x86_64"}
    tracking = {
        "id": "XSA-1",
        "initial_release_date": f"{day}T00:00:00Z",
        "current_release_date": f"{day}T00:00:00Z",
    }
    return json.dumps(
        {
            "document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "tracking": tracking},
            "product_tree": {
                "full_product_names": [platform, {"product_id": f"{name}-{fixed}.x86_64", "name": name}],
                "relationships": [
                    {
                        "category": "default_component_of",
                        "full_product_name": whole,
                        "product_reference": f"{name}-{fixed}.x86_64",
                        "relates_to_product_reference": "P",
                    }
                ],
            },
            "vulnerabilities": [
                {"cve": "CVE-2026-1001", "product_status": {"fixed": [whole["product_id"]]}},
            ],
        }
    )


SINGLE_OF_ALMA = [("osv", json.dumps(osv("AlmaLinux:9", "openssl", "0:1-1.el9")))]
SINGLE_OF_SUSE = [("csaf", csaf("cpe:/o:suse:sles:15:sp6", "openssl", "0:1-1"))]
SINGLE_OF_DEBIAN = [
    ("openvex", openvex("pkg:deb/debian/curl@1-1?distro=debian-12")),
    ("osv", json.dumps(osv("Debian:12", "curl", "1-1"))),
]


@pytest.mark.parametrize(("kind", "text"), SINGLE_OF_DEBIAN)
def test_a_single_document_is_no_feed_of_a_release(
    feeds: Any, debian: Make, package: Make, kind: str, text: str
) -> None:
    feeds.add(kind, text)
    coverage = coverage_of(feeds, debian(package("curl", "2-1"), package("bash", "2-1")))

    assert (codes(coverage), coverage["judged"], coverage["packages"]) == (["feed_missing"], 1, 2)


@pytest.mark.parametrize(("kind", "text"), SINGLE_OF_DEBIAN)
def test_a_single_document_stands_for_no_list_that_is_too_old(
    feeds: Any, debian: Make, package: Make, kind: str, text: str
) -> None:
    feeds.add("debian-dsa", DSA_LIST.replace("20 Aug 2026", "01 Jan 2025"), "debian-dla")
    feeds.add(kind, text)

    assert codes(coverage_of(feeds, debian(package("curl", "2-1")))) == ["feed_stale"]


@pytest.mark.parametrize(("kind", "text"), SINGLE_OF_ALMA)
@pytest.mark.parametrize(("day", "wanted"), [(FRESH, []), (OLD, ["feed_stale"])])
def test_a_single_document_hides_no_updateinfo_that_is_too_old(
    feeds: Any, alma: Make, kind: str, text: str, day: str, wanted: list[str]
) -> None:
    feeds.add("updateinfo", updateinfo(day, ["openssl", "bash"]), "base", "almalinux:9")
    feeds.add(kind, text)

    assert codes(coverage_of(feeds, alma(*BASEOS))) == wanted


@pytest.mark.parametrize(("kind", "text"), SINGLE_OF_SUSE)
def test_a_single_advisory_of_suse_is_no_feed_of_its_release(
    feeds: Any, debian: Make, kind: str, text: str
) -> None:
    feeds.add(kind, text)
    system = {"id": "sles", "version_id": "15.6", "support": {"status": "supported"}}
    packages = [{**one, "origin": "SUSE LLC <https://www.suse.com/>"} for one in BASEOS]
    coverage = coverage_of(feeds, debian(*packages, os=system))

    assert (codes(coverage), coverage["judged"]) == (["feed_missing"], 1)


@pytest.mark.parametrize("declared", [False, True])
def test_few_documents_are_the_feed_of_a_release_where_that_is_declared(
    feeds: Any, alma: Make, declared: bool
) -> None:
    file = feeds.folder / "few.json"
    file.write_text(json.dumps([osv("AlmaLinux:9", "openssl", "0:1-1.el9")]), encoding="utf-8")
    import_feed(feeds.path, "osv", Feed(file), now=NOW, expected=Expected(whole=declared))
    coverage = coverage_of(feeds, alma(*BASEOS))

    assert (codes(coverage), coverage["judged"]) == (([], 3) if declared else (["feed_missing"], 1))


def test_an_archive_of_hundreds_of_documents_is_the_feed_of_its_releases(feeds: Any, alma: Make) -> None:
    entries = [osv("AlmaLinux:9", f"package{number}", "0:1-1.el9", number) for number in range(500)]
    feeds.add("osv", json.dumps(entries))

    assert codes(coverage_of(feeds, alma(*BASEOS))) == []


def test_single_documents_of_a_language_judge_the_packages_that_they_name(feeds: Any, debian: Make) -> None:
    feeds.add("osv", json.dumps(osv("PyPI", "jinja2", "3.0")))
    installed = [{"name": name, "version": "3.1", "ecosystem": "pypi"} for name in ("jinja2", "django")]
    coverage = coverage_of(feeds, debian(os=None, packages=[], language_packages=installed))

    assert (codes(coverage), coverage["judged"], coverage["packages"]) == (["feed_missing"], 1, 2)


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


CDN = "https://dl-cdn.alpinelinux.org/alpine"
OTHERS = [
    "https://nginx.org/packages/alpine/v3.21/main",
    "https://packages.example.com/custom/main",
    "https://packages.example.com/v3.21/main",
    f"{CDN}/edge/main",
    f"{CDN}/v3.20/main",
    f"{CDN}/latest-stable/main",
    "/srv/packages/v3.21/main",
    "https://alpinelinux.org.example.com/x/alpine/v3.21/main",
]


def apk_repository(uri: str) -> dict[str, Any]:
    *_rest, suite, component = uri.split("/")
    return {"uri": uri, "suite": suite, "component": component}


def alpine(debian: Make, addresses: list[str] | None) -> dict[str, Any]:
    return debian(
        *map(apk, ("curl", "quiet")),
        os={"id": "alpine", "version_id": "3.21.0", "support": {"status": "supported"}},
        repositories=None if addresses is None else [apk_repository(one) for one in addresses],
    )


@pytest.mark.parametrize("other", OTHERS)
def test_a_repository_of_another_publisher_or_release_is_not_alpines_own(
    feeds: Any, debian: Make, other: str
) -> None:
    feeds.add("alpine-secdb", secdb("curl"), "main.json")

    for addresses in ([other], [f"{CDN}/v3.21/main", other]):
        coverage = coverage_of(feeds, alpine(debian, addresses))
        assert (codes(coverage), coverage["judged"]) == (["feed_missing"], 1)
        assert coverage["uncovered"] == [{"package": "quiet", "origin": other}]


@pytest.mark.parametrize(
    "mirror", [CDN, "http://mirror.example.com/alpine", "https://uk.alpinelinux.org/alpine"]
)
def test_alpines_own_repositories_and_mirrors_are_known_by_their_layout(
    feeds: Any, debian: Make, mirror: str
) -> None:
    feeds.add("alpine-secdb", secdb("curl"), "main.json")

    assert codes(coverage_of(feeds, alpine(debian, [f"{mirror}/v3.21/main"]))) == []


def test_a_host_whose_repositories_nobody_knows_may_have_packages_of_community(
    feeds: Any, debian: Make
) -> None:
    feeds.add("alpine-secdb", secdb("curl"), "main.json")

    assert codes(coverage_of(feeds, alpine(debian, None))) == ["feed_missing"]


@pytest.mark.shared
@pytest.mark.parametrize(("host", "packages"), [("bookworm-lab", 162), ("sandbox-python", 947)])
def test_nothing_of_a_real_host_that_tells_everything_is_unknown(
    shared_data: Path, tmp_path: Path, host: str, packages: int
) -> None:
    """The share of what is unknown where every feed is fresh: none, so that a new one needs a reason."""
    debian = shared_data / "debian"
    document = read_inventory(
        "dpkg-status", debian / f"hosts/dpkg-status.{host}.gz", debian / "hosts/os-release"
    )
    document.update(
        os={**document["os"], "support": {"status": "lts"}},
        packages=[{**one, "origin": "Debian"} for one in document["packages"]],
        machine={"virtualization": {"kind": "container"}},
        repositories=[{"suite": "bookworm-security"}],
        refresh={"ok": True, "errors": []},
        security_source={"status": "ok"},
        updates=[],
        restarts=[],
    )
    database = tmp_path / "db.sqlite3"
    import_feed(database, "jsonl", Feed(debian / "dsa-dla.jsonl.gz"), now=NOW, expected=Expected(as_of=FRESH))
    with AdvisoryDatabase.open(database) as opened:
        found = Matcher(opened, now=NOW).assess(document, include_installed=True)

    assert [one for one in found["findings"] if one["state"] == "unknown"] == []
    assert (found["coverage"]["reasons"], found["coverage"]["packages"]) == ([], packages)
    # One package's version is in the form of a backport.
    assert packages - found["coverage"]["judged"] <= 1
