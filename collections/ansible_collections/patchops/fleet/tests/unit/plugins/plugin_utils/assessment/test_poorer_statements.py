# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No state becomes cleaner by a single document, by unclear statements, or by who made what a host runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import remove_source
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment import (
    poorer_world as world,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment.test_poorer_inputs import (
    assert_not_cleaner,
    places,
)

CVES = world.CVES
UBUNTU = {"id": "ubuntu", "version_id": "24.04"}
SLES = {"id": "sles", "version_id": "15.6"}
SUSE = "SUSE LLC <https://www.suse.com/>"
CDN = "https://dl-cdn.alpinelinux.org/alpine/v3.21/main"
KERNEL = "6.1.0-37-amd64"

STATEMENTS: Mapping[str, Any] = {
    "ubuntu": [
        world.osv("Ubuntu:24.04:LTS", "openssl", "2-1", CVES[0]),
        world.osv("Ubuntu:24.04:LTS", "x", "2", CVES[1]),
    ],
    "suse": world.csaf("curl", "fixed", "0:2-1", CVES[2]),
    "suse-vex": world.csaf("bash", "known_not_affected", "0:2-1", CVES[3]),
}
FEEDS: Mapping[str, world.FeedText] = {
    **{
        name: world.FeedText(
            "osv" if name == "ubuntu" else "csaf", json.dumps(text), whole=name != "suse-vex"
        )
        for name, text in STATEMENTS.items()
    },
    "debian-dsa": world.FeedText("debian-dsa", world.dsa(1, "linux", CVES[4]).replace("2-1", "6.1.140-1")),
    "main.json": world.FeedText("alpine-secdb", world.secdb("curl", CVES[5]), as_of=world.DAY),
    "kev": world.FEEDS["kev"],
}


def suse(name: str, version: str) -> world.Document:
    return world.package(name, f"0:{version}-1", SUSE, "pool")


def kernel_host(**facts: Any) -> world.Document:
    image = world.package(f"linux-image-{KERNEL}", "6.1.140-1", "Debian", "stable-security")
    image.update(source="linux-signed-amd64", source_version="6.1.140+1")
    owner = {"name": image["name"], "version": image["version"]}
    installed = [{"release": KERNEL, "package": owner["name"], "version": owner["version"]}]
    told = {"running": KERNEL, "running_build": None, "installed": installed, "running_package": owner}
    return {**world.host(world.DEBIAN, world.DEBS, image), "kernel": {**told, "default_boot": None, **facts}}


def alpine(uri: str) -> world.Document:
    repositories = [{"uri": uri, "suite": uri.split("/")[-2], "component": uri.split("/")[-1]}]
    packages = [world.package(name, "2-r0", "", None) for name in ("curl", "musl")]
    return world.host(world.ALPINE, repositories, *packages)


HOSTS: world.Hosts = {
    "ubuntu-open": world.host(UBUNTU, [], world.package("openssl", "1-1", "Ubuntu", "noble")),
    "ubuntu-clean": world.host(UBUNTU, [], world.package("openssl", "2-1", "Ubuntu", "noble")),
    "suse-open": world.host(SLES, [], suse("curl", "1")),
    "suse-clean": world.host(SLES, [], suse("curl", "2"), suse("bash", "2")),
    "kernel": kernel_host(),
    "alpine": alpine(CDN),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.build(tmp_path_factory.mktemp("statements"), FEEDS)


@pytest.fixture(scope="module")
def before(whole: Path) -> world.Answer:
    return world.ask(whole, HOSTS)


def test_the_world_is_clean_where_nothing_is_open(before: world.Answer) -> None:
    assert dict(before.statuses) == {
        "ubuntu-open": "not_compliant",
        "ubuntu-clean": "compliant",
        "suse-open": "not_compliant",
        "suse-clean": "compliant",
        "kernel": "compliant",
        "alpine": "compliant",
    }
    assert before.verdicts["suse-clean", CVES[3]] == "not_affected"
    assert before.verdicts["kernel", CVES[4]] == "installed"


SINGLE: Mapping[str, tuple[str, Any]] = {
    "osv of ubuntu": ("osv", world.osv("Ubuntu:24.04:LTS", "openssl", "1-0", CVES[8])),
    "osv of debian": ("osv", world.osv("Debian:12", "linux", "1-0", CVES[8])),
    "osv of alpine": ("osv", world.osv("Alpine:v3.21", "curl", "1-r0", CVES[8])),
    "csaf of suse": ("csaf", world.csaf("curl", "fixed", "0:1-0", CVES[8])),
    "vex of debian": (
        "openvex",
        world.openvex("pkg:deb/debian/linux@1?distro=debian-12", "not_affected", CVES[8]),
    ),
    "vex of ubuntu": (
        "openvex",
        world.openvex("pkg:deb/ubuntu/openssl@1?distro=ubuntu-24.04", "not_affected", CVES[0]),
    ),
}


@pytest.mark.parametrize("document", sorted(SINGLE))
@pytest.mark.parametrize("lost", ["", *sorted(FEEDS)])
@pytest.mark.parametrize("how", ["gone", "old"])
def test_a_single_document_makes_nothing_cleaner_whatever_feed_is_gone_or_old(
    whole: Path, document: str, lost: str, how: str
) -> None:
    database = world.copy(whole)
    if lost and how == "gone":
        remove_source(database, lost)
    elif lost:
        feed = FEEDS[lost]
        text = feed.text.replace(world.DAY, "2025-01-01").replace("20 Aug 2026", "01 Jan 2025")
        old = replace(feed, text=text, as_of="2025-01-01" if feed.as_of else "")
        world.put(database, lost, old, database.parent)
    without = world.ask(database, HOSTS)
    kind, statement = SINGLE[document]
    world.put(database, "single", world.FeedText(kind, json.dumps(statement)), database.parent)
    # Of its own CVE it says what it says.
    others = {key: state for key, state in without.verdicts.items() if key[1] != CVES[8]}
    assert_not_cleaner(replace(without, verdicts=others), world.ask(database, HOSTS), (document, lost))


# What a statement is about, and without which it is another statement or none.
NAMES_IT = {"id", "aliases", "modified", "affected", "package", "name", "cve", "vulnerabilities", "document"}

SAYS_IT = {"product_status", "known_not_affected", "fixed"}


def poorer_statements() -> Iterator[tuple[str, str, Any]]:
    """Each feed with one part of what it says taken away."""
    for feed, text in STATEMENTS.items():
        for path in places(text):
            if path[-1] in NAMES_IT or "document" in path or path[-1] in SAYS_IT:
                continue
            poorer = copy.deepcopy(text)
            inner: Any = poorer
            for key in path[:-1]:
                inner = inner[key]
            del inner[path[-1]]
            yield feed, ".".join(map(str, path)), poorer


@pytest.mark.parametrize(("feed", "path", "poorer"), list(poorer_statements()), ids=lambda one: str(one)[:60])
def test_a_statement_that_lacks_a_part_makes_nothing_cleaner(
    whole: Path, before: world.Answer, feed: str, path: str, poorer: Any
) -> None:
    database = world.copy(whole)
    world.put(database, feed, replace(FEEDS[feed], text=json.dumps(poorer)), database.parent)
    after = world.ask(database, HOSTS)
    assert_not_cleaner(before, replace(after, dues=before.dues), path)


@pytest.mark.parametrize(
    ("feed", "old", "new"),
    [
        *(
            ("ubuntu", "Ubuntu:24.04:LTS", f"Ubuntu{one}")
            for one in ("", ":Pro:FIPS:24.04:LTS", ":Core", ":26.10:X:Y")
        ),
        ("ubuntu", "ECOSYSTEM", "GIT"),
        *(
            ("suse", "Enterprise Server 15 SP6", f"Enterprise {one}")
            for one in ("Real Time 15 SP6", "Unheard 15 SP6")
        ),
        ("suse", "sles:15:sp6", "sles_unheard:15:sp6"),
        ("suse", '"fixed"', '"fix_pending"'),
        ("suse", '"product_id": "P"', '"product_id": "Q"'),
        ("suse-vex", "2-1.x86_64", "3-1.x86_64"),
        ("suse-vex", "2-1.x86_64", "1-1.x86_64"),
    ],
)
def test_a_product_a_status_or_a_version_that_is_another_makes_nothing_cleaner(
    whole: Path, before: world.Answer, feed: str, old: str, new: str
) -> None:
    assert old in FEEDS[feed].text
    database = world.copy(whole)
    world.put(database, feed, replace(FEEDS[feed], text=FEEDS[feed].text.replace(old, new)), database.parent)
    after = world.ask(database, HOSTS)
    assert_not_cleaner(before, replace(after, dues=before.dues), (feed, new))


@pytest.mark.parametrize("name", sorted(HOSTS))
@pytest.mark.parametrize("value", [None, ""])
def test_a_package_whose_publisher_is_not_told_is_compliant_at_most_as_far_as_judged(
    whole: Path, before: world.Answer, name: str, value: str | None
) -> None:
    poorer = copy.deepcopy(dict(HOSTS[name]))
    for package in poorer["packages"]:
        package["origin"] = value
    after = world.ask(whole, {**HOSTS, name: poorer})

    assert_not_cleaner(before, after, name)
    # apk tells the publisher of no package.
    assert after.statuses[name] != "compliant" or name == "alpine"


@pytest.mark.parametrize(
    "facts",
    [
        {"running": "6.8.12-4-pve"},
        {"running": "6.18.0-self-built", "running_package": None},
        {"running": None},
        {"running": "6.1.0-35-amd64"},
    ],
)
@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("proxmox", [True, False])
def test_another_kernel_that_runs_makes_no_cve_of_linux_clean(
    whole: Path, facts: dict[str, Any], tells: bool, proxmox: bool
) -> None:
    host = kernel_host(**facts)
    other = world.package("proxmox-kernel-6.8.12-4-pve-signed", "6.8.12-4", "Proxmox", "pve")
    if proxmox:
        host["packages"].append({**other, "source": "proxmox-kernel-6.8"})
        host["kernel"]["installed"] += [
            {"release": "6.8.12-4-pve", "package": other["name"], "version": "6.8.12-4"}
        ]
    if not tells:
        del host["kernel"]["running_package"]
    verdicts = world.ask(whole, {"kernel": host, "bare": {**host, "packages": host["packages"][1:]}}).verdicts

    assert verdicts["kernel", CVES[4]] in ("unknown", "installed")
    assert verdicts["bare", CVES[4]] == "unknown"
    with_effect = world.effect(whole, host, CVES[4])
    assert with_effect in (None, "no", "unknown")


@pytest.mark.parametrize(
    "uri",
    [
        CDN.replace("v3.21", "edge"),
        CDN.replace("v3.21", "v3.20"),
        CDN.replace("main", "testing"),
        "https://nginx.org/packages/alpine/v3.21/main",
        "https://packages.example.com/v3.21/main",
        "/srv/v3.21/main",
    ],
)
def test_another_repository_makes_nothing_cleaner(whole: Path, before: world.Answer, uri: str) -> None:
    after = world.ask(whole, {**HOSTS, "alpine": alpine(uri)})

    assert_not_cleaner(before, after, uri)
    assert after.statuses["alpine"] == "unknown"


@pytest.mark.parametrize("name", ["debian-dsa", "epss"])
def test_a_list_cut_between_two_entries_makes_nothing_cleaner(tmp_path: Path, name: str) -> None:
    database = world.build(tmp_path)
    before = world.ask(database)
    feed = world.FEEDS[name]
    lines = feed.text.splitlines(keepends=True)
    ends = range(3, len(lines), 3) if name == "debian-dsa" else range(2, len(lines))
    for end in ends:
        cut = replace(feed, text="".join(lines[:end]), records=0)
        world.put(database, name, cut, database.parent)
        assert_not_cleaner(before, world.ask(database), (name, end))
