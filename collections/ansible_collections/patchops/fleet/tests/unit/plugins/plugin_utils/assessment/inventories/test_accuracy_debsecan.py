# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same pairs of CVE and package as debsecan finds, on the same feed and the same real hosts."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import zlib
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import read_inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher

pytestmark = pytest.mark.shared
NOW = datetime(2026, 8, 22, tzinfo=timezone.utc)
HOSTS = {"sandbox-python": 359, "bookworm-lab": 0}

Pairs = set[tuple[str, str]]


def debsecan_feed(advisories: Path) -> bytes:
    """The feed in debsecan's own format: names, then vulnerabilities, then sources with their binaries."""
    fixes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in gzip.decompress(advisories.read_bytes()).splitlines():
        advisory = json.loads(line)
        for suite, source, version in advisory["fixed"]:
            if suite == "bookworm" and not version.startswith("<"):
                for cve in advisory["cves"]:
                    fixes[source, cve].add(version)
    cves = sorted({cve for _package, cve in fixes})
    number = {cve: str(place) for place, cve in enumerate(cves)}
    lines = ["VERSION 1", *(f"{cve},,-" for cve in cves), ""]
    for (source, cve), versions in fixes.items():
        lines += [f"{source},{number[cve]},S  F,{version}," for version in versions]
    return zlib.compress("\n".join([*lines, "", ""]).encode())


def debsecan(folder: Path, advisories: Path, status: Path) -> Pairs:
    """What debsecan prints. It asks for the feed of a suite below an address, here a folder."""
    (folder / "bookworm").write_bytes(debsecan_feed(advisories))
    (folder / "status").write_bytes(gzip.decompress(status.read_bytes()))
    command = [
        "debsecan",
        "--suite",
        "bookworm",
        "--source",
        f"file://{folder}",
        "--status",
        f"{folder}/status",
    ]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {(line.split()[0], line.split()[1]) for line in printed.splitlines()}


def ours(folder: Path, advisories: Path, status: Path, os_release: Path) -> Pairs:
    import_feed(folder / "db.sqlite3", "jsonl", Feed(advisories), name="debian", now=NOW)
    document = read_inventory("dpkg-status", status, os_release)
    with AdvisoryDatabase.open(folder / "db.sqlite3") as database:
        findings = Matcher(database, now=NOW).assess(document)["findings"]
    return {
        (cve, one["name"]) for finding in findings for one in finding["binaries"] for cve in finding["cves"]
    }


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_the_same_pairs_as_debsecan(shared_data: Path, tmp_path: Path, host: str) -> None:
    if shutil.which("debsecan") is None:
        pytest.skip("debsecan is not installed, so it can't be asked")
    debian = shared_data / "debian"
    status = debian / "hosts" / f"dpkg-status.{host}.gz"

    theirs = debsecan(tmp_path, debian / "dsa-dla.jsonl.gz", status)

    assert ours(tmp_path, debian / "dsa-dla.jsonl.gz", status, debian / "hosts" / "os-release") == theirs
    assert len(theirs) == HOSTS[host]


UPGRADABLE = re.compile(
    r"(?P<name>[^/]+)/(?P<suite>\S+) (?P<candidate>\S+) (?P<arch>\S+) \[upgradable from: .*"
)


def document_with_updates(debian: Path, host: str) -> dict[str, Any]:
    """The inventory of a host together with what its apt listed as upgradable three months after the feed."""
    document = read_inventory(
        "dpkg-status", debian / "hosts" / f"dpkg-status.{host}.gz", debian / "hosts" / "os-release"
    )
    sources = {(one["name"], one["arch"]): one["source"] for one in document["packages"]}
    listed = (debian / "hosts" / f"apt-upgradable.{host}.txt").read_text().splitlines()
    found = [match for line in listed if (match := UPGRADABLE.fullmatch(line))]
    updates = [
        {
            **one.groupdict(),
            "security": "security" in one["suite"],
            "source": sources[one["name"], one["arch"]],
        }
        for one in found
    ]
    index = {"suite": "oldstable-security", "date": "2026-11-19T00:00:00Z"}
    return {**document, "updates": updates, "repositories": [index]}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_no_package_is_named_that_apt_does_not_list_as_upgradable(
    shared_data: Path, tmp_path: Path, host: str
) -> None:
    debian = shared_data / "debian"
    document = document_with_updates(debian, host)
    import_feed(tmp_path / "db.sqlite3", "jsonl", Feed(debian / "dsa-dla.jsonl.gz"), name="debian", now=NOW)
    with AdvisoryDatabase.open(tmp_path / "db.sqlite3") as database:
        findings = Matcher(database, now=NOW).assess(document)["findings"]

    named = {one["name"] for finding in findings for one in finding["binaries"]}
    assert named <= {one["name"] for one in document["updates"]}
    assert {finding["fix_available"] for finding in findings if finding["package"]} == {True}


@pytest.mark.parametrize(("host", "pending"), [("sandbox-python", 68), ("bookworm-lab", 17)])
def test_each_pending_security_update_is_explained(
    shared_data: Path, tmp_path: Path, host: str, pending: int
) -> None:
    debian = shared_data / "debian"
    document = document_with_updates(debian, host)
    import_feed(tmp_path / "db.sqlite3", "jsonl", Feed(debian / "dsa-dla.jsonl.gz"), name="debian", now=NOW)
    with AdvisoryDatabase.open(tmp_path / "db.sqlite3") as database:
        rows = Matcher(database, now=NOW).assess(document)["updates_explained"]

    # The changelogs know better than any feed when an update was made, and for which CVEs.
    changes = map(json.loads, (debian / "hosts" / "changelog-advisories.jsonl").read_text().splitlines())
    known_to_the_feed = {
        (one["source"], one["version"]) for one in changes if one["date"] <= "2026-08-21" and one["cves"]
    }
    sources = {(one["name"], one["arch"]): one["source"] for one in document["updates"]}
    without = {
        (sources[row["package"], row["arch"]], row["candidate"]) for row in rows if row["by"] != "advisory"
    }
    assert len(rows) == pending
    assert not without & known_to_the_feed
