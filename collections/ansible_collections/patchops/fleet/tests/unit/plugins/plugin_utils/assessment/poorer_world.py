# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of three distributions and the feeds that speak of them, for tests that take pieces away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import (
    Expected,
    import_feed,
    remove_source,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import FleetAssessor, HostInput
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import host_facts
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy

NOW = datetime(2026, 8, 22, 12, tzinfo=timezone.utc)
DAY = "2026-08-20"
CVES = tuple(f"CVE-2026-{number}" for number in range(1001, 1011))
# Lists that tell no end themselves are imported with the number of their records.
LISTS = frozenset({"debian-dsa", "epss"})

Document = dict[str, Any]
Hosts = Mapping[str, Document]


@dataclass(frozen=True)
class FeedText:
    """A feed as a file; ``as_of`` is told for feeds without a date, ``records`` is how many it holds.

    whole: it is declared to speak of all packages of its releases.
    """

    kind: str
    text: str
    release: str = ""
    as_of: str = ""
    records: int = 1
    whole: bool = False


def osv(ecosystem: str, name: str, fixed: str, cve: str) -> Document:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    ranges = [{"type": "ECOSYSTEM", "events": events}]
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}]
    return {"id": f"U-{cve}", "aliases": [cve], "modified": f"{DAY}T00:00:00Z", "affected": affected}


def csaf(name: str, status: str, version: str, *cves: str) -> Document:
    """A VEX document that says this of a package of SLES 15 SP6, for each CVE."""
    component = f"{name}-{version}.x86_64"
    product = {
        "product_id": "P",
        "name": "SUSE Linux Enterprise Server 15 SP6",
        "product_identification_helper": {"cpe": "cpe:/o:suse:sles:15:sp6"},
    }
    relation = {
        "product_reference": component,
        "relates_to_product_reference": "P",
        "full_product_name": {"product_id": f"P:{component}", "name": "x"},
    }
    tracking = {"id": "x", "current_release_date": f"{DAY}T00:00:00Z"}
    return {
        "document": {"csaf_version": "2.0", "category": "csaf_vex", "tracking": tracking},
        "product_tree": {
            "full_product_names": [product, {"product_id": component, "name": component}],
            "relationships": [relation],
        },
        "vulnerabilities": [{"cve": cve, "product_status": {status: [f"P:{component}"]}} for cve in cves],
    }


def openvex(product: str, status: str, cve: str) -> Document:
    statement = {"vulnerability": {"name": cve}, "products": [{"@id": product}], "status": status}
    time = f"{DAY}T00:00:00Z"
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "x",
        "timestamp": time,
        "statements": [statement],
    }


def updateinfo(*packages: tuple[str, str]) -> str:
    """One security advisory for each package and CVE."""
    updates = "".join(
        f'<update type="security"><id>ALSA-2026:{cve[-4:]}</id><issued date="{DAY} 00:00:00"/>'
        f'<references><reference type="cve" id="{cve}"/></references><pkglist><collection short="c">'
        f'<package name="{name}" epoch="0" version="2" release="1.el9" arch="x86_64"/>'
        "</collection></pkglist></update>\n"
        for name, cve in packages
    )
    return f"<updates>\n{updates}</updates>\n"


def secdb(name: str, cve: str) -> str:
    entry = {"pkg": {"name": name, "secfixes": {"2-r0": [cve]}}}
    return json.dumps({"distroversion": "v3.21", "packages": [entry]})


def dsa(number: int, package: str, cve: str) -> str:
    return f"[20 Aug 2026] DSA-{number}-1 {package} - update\n\t{{{cve}}}\n\t[bookworm] - {package} 2-1\n"


def kev(*cves: str) -> str:
    entries = [{"cveID": cve, "dateAdded": DAY, "dueDate": "2026-09-10"} for cve in cves]
    return json.dumps({"dateReleased": f"{DAY}T00:00:00Z", "count": len(entries), "vulnerabilities": entries})


FEEDS: Mapping[str, FeedText] = {
    "debian-dsa": FeedText("debian-dsa", dsa(1, "curl", CVES[0]) + dsa(2, "zlib", CVES[1]), records=2),
    "baseos": FeedText("updateinfo", updateinfo(("openssl", CVES[2]), ("bash", CVES[3])), "almalinux:9"),
    "appstream": FeedText("updateinfo", updateinfo(("nginx", CVES[4]), ("httpd", CVES[5])), "almalinux:9"),
    "main.json": FeedText("alpine-secdb", secdb("curl", CVES[6]), as_of=DAY),
    "community.json": FeedText("alpine-secdb", secdb("nodejs", CVES[7]), as_of=DAY),
    "kev": FeedText("kev", kev(CVES[0], CVES[4])),
    "epss": FeedText(
        "epss", f"#score_date:{DAY}T00:00:00Z\ncve,epss,percentile\n{CVES[0]},0.5,0.9\n", records=1
    ),
}


def package(name: str, version: str, origin: str, suite: str | None) -> Document:
    return {
        "name": name,
        "version": version,
        "arch": "x86_64",
        "source": name,
        "source_version": version,
        "origin": origin,
        "suite": suite,
        "module": "",
    }


def host(system: Document, repositories: list[Document], *packages: Document) -> Document:
    """A host of which everything is known, exposed and supported."""
    return {
        "kind": "patchops.host",
        "schema": 1,
        "os": {"arch": "x86_64", "support": {"status": "supported"}, **system},
        "machine": {"virtualization": {"kind": "vm"}},
        "package_manager": {"name": "apt"},
        "kernel": {"running": "6.1.0-1", "running_build": None, "installed": [], "default_boot": None},
        "security_source": {"status": "ok", "reason": None, "repositories": ["security"]},
        "refresh": {"ok": True, "errors": []},
        "repositories": repositories,
        "broken": {"interrupted": False, "packages": [], "reason": None},
        "packages": list(packages),
        "updates": [],
        "reboot": {"required": False, "reasons": []},
        "restarts": [],
    }


DEBIAN = {"id": "debian", "version_id": "12", "codename": "bookworm"}
ALMA = {"id": "almalinux", "version_id": "9.6"}
ALPINE = {"id": "alpine", "version_id": "3.21.0"}
DEBS: list[Document] = [{"suite": "stable-security", "codename": "bookworm-security", "date": DAY}]
RPMS: list[Document] = [{"suite": "baseos"}, {"suite": "appstream"}]
APKS: list[Document] = [{"suite": "v3.21", "component": "main"}, {"suite": "v3.21", "component": "community"}]


def deb(name: str, version: str, origin: str = "Debian") -> Document:
    return package(name, version, origin, "stable-security")


def rpm(name: str, version: str, repository: str) -> Document:
    return package(name, f"0:{version}-1.el9", "AlmaLinux", repository)


HOSTS: Hosts = {
    "deb-open": host(DEBIAN, DEBS, deb("curl", "1-1"), deb("zlib", "2-1")),
    "deb-clean": host(DEBIAN, DEBS, deb("curl", "2-1"), deb("bash", "5-1")),
    "deb-foreign": host(DEBIAN, DEBS, deb("curl", "2-1"), deb("docker-ce", "5-1", "Docker")),
    "rpm-open": host(ALMA, RPMS, rpm("openssl", "2", "baseos"), rpm("nginx", "1", "appstream")),
    "rpm-clean": host(ALMA, RPMS, rpm("bash", "2", "baseos"), rpm("httpd", "3", "appstream")),
    "apk-open": host(ALPINE, APKS, package("nodejs", "1-r0", "", None), package("curl", "2-r0", "", None)),
    "apk-clean": host(ALPINE, APKS, package("curl", "2-r0", "", None), package("musl", "1-r0", "", None)),
}


def put(database: Path, name: str, feed: FeedText, folder: Path) -> None:
    """Import a feed in the place of what is there under this name; a feed that is refused is none."""
    remove_source(database, name)
    file = folder / name
    file.write_text(feed.text, encoding="utf-8")
    records = feed.records if feed.kind in LISTS else None
    expected = Expected(records=records or None, as_of=feed.as_of, whole=feed.whole)
    try:
        import_feed(
            database, feed.kind, Feed(file, release=feed.release), name=name, now=NOW, expected=expected
        )
    except FeedError:
        remove_source(database, name)


def build(folder: Path, feeds: Mapping[str, FeedText] = FEEDS) -> Path:
    """The database of all feeds."""
    database = folder / "whole.sqlite3"
    for name, feed in feeds.items():
        file = folder / name
        file.write_text(feed.text, encoding="utf-8")
        import_feed(
            database,
            feed.kind,
            Feed(file, release=feed.release),
            name=name,
            now=NOW,
            expected=Expected(
                records=feed.records if feed.kind in LISTS else None, as_of=feed.as_of, whole=feed.whole
            ),
        )
    return database


def copy(database: Path) -> Path:
    return Path(shutil.copyfile(database, database.with_name("poorer.sqlite3")))


@dataclass(frozen=True)
class Answer:
    """What is said of hosts: status by host, and state and due date by host and CVE."""

    statuses: Mapping[str, str]
    verdicts: Mapping[tuple[str, str], str]
    dues: Mapping[tuple[str, str], str]


def ask(database: Path, hosts: Hosts = HOSTS, later: timedelta = timedelta()) -> Answer:
    """Assess the hosts and ask for every CVE."""
    now = NOW + later
    with AdvisoryDatabase.open(database) as opened:
        matcher = Matcher(opened, now=now)
        inputs = [HostInput(host_facts(name), document) for name, document in hosts.items()]
        document = FleetAssessor(matcher, opened, Policy(), now).assess(inputs).document
        verdicts = {
            (name, cve): str(matcher.verdict(one, cve)["state"])
            for name, one in hosts.items()
            for cve in CVES
        }
    return Answer(
        {row["host"]: row["status"] for row in document["hosts"]},
        verdicts,
        {
            (one["host"], one["advisory"]): one["due"] or "9999"
            for one in document["findings"]
            if one["package"]
        },
    )


def effect(database: Path, document: Document, cve: str) -> str | None:
    """Whether the fix of a CVE is in effect on a host."""
    with AdvisoryDatabase.open(database) as opened:
        found: str | None = Matcher(opened, now=NOW).verdict(document, cve)["effective"]
        return found
