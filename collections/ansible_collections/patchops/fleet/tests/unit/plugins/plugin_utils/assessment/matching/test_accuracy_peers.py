# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers and other matchers expect, asked of our matcher from the feed to the finding.

Each case of peers.tsv becomes an advisory of its own in a feed, and a package on a host. The guide on
accuracy says where the cases come from, and why we answer otherwise where we do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.matcher import Matcher
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment.matching.conftest import (
    Feeds,
)


class Case(NamedTuple):
    oracle: str
    scheme: str
    installed: str
    introduced: str
    fixed: str
    affected: bool


def _case(line: str) -> Case:
    oracle, scheme, installed, introduced, fixed, affected = line.split("\t")
    return Case(oracle, scheme, installed, introduced, fixed, affected == "yes")


_TABLE = Path(__file__).with_name("peers.tsv").read_text(encoding="utf-8").splitlines()
CASES = [_case(line) for line in _TABLE if line and not line.startswith("#")]

# The system of a host, and what OSV calls it.
SYSTEMS = {
    "apk": ({"id": "alpine", "version_id": "3.22.0"}, "Alpine:v3.22"),
    "deb": ({"id": "debian", "version_id": "12", "codename": "bookworm"}, "Debian:12"),
    "rpm": ({"id": "almalinux", "version_id": "9.4"}, "AlmaLinux:9"),
}
# Told by the host, so that versions in old or made-up forms don't count as another publisher's.
ORIGINS = {"deb": "Debian", "rpm": "AlmaLinux"}
LANGUAGES = {"golang": "Go", "maven": "Maven", "npm": "npm", "pypi": "PyPI"}

_APK = "apk itself takes one of the two for no version; what is none sorts before all that are"
_EPOCH = "an epoch that is not written is 0 for rpm; Grype takes a missing one for the same as the other's"
DIFFERENCES = {
    ("apk", "1-r", "1-r0"): _APK,
    ("apk", "0..1..0", "0..1..1"): _APK,
    ("apk", "0...1...0", "0...1...1"): _APK,
    ("apk", "0...1...0.r1", "0...1...0.r2"): _APK,
    ("apk", "0...1...0r1", "0...1...0r2"): _APK,
    ("apk", "6.6.2p1", "6.6.2p2"): _APK,
    ("apk", "a", "b"): _APK,
    ("pacman", "1.5", "1.5-1"): "an installed package always has a release; vercmp compares without one",
    ("rpm", "1", "1-"): "for rpm an empty release is none, which stands for every release",
    ("rpm", "1:0", "1"): _EPOCH,
    ("rpm", "1.0", "2:1.0"): _EPOCH,
    ("rpm", "4.19.01-1.el7_5", "2:4.19.1-1.el7_5"): _EPOCH,
    ("rpm", "4.19.0-1.el7_5", "12:4.19.0-1.el7"): _EPOCH,
    ("rpm", "3:4.19.0-1.el7_5", "4.21.0-1.el7"): _EPOCH,
    ("rpm", "8.3.1-5.el8", "0:8.3.1-5.el8.0.0"): _EPOCH,
}


def osv(number: int, case: Case, ecosystem: str) -> dict[str, Any]:
    events = [{"introduced": case.introduced or "0"}, {"fixed": case.fixed}]
    return {
        "id": f"CASE-{number}",
        "published": "2026-08-21T00:00:00Z",
        "modified": "2026-08-21T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": f"case-{number}"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }


def arch(number: int, case: Case) -> dict[str, Any]:
    return {"name": f"CASE-{number}", "packages": [f"case-{number}"], "status": "Fixed", "fixed": case.fixed}


def matcher_and_host(feeds: Feeds, scheme: str, cases: list[Case]) -> tuple[Matcher, dict[str, Any]]:
    names = {number: f"case-{number}" for number in range(len(cases))}
    host: dict[str, Any] = {"host": "peer", "packages": [], "language_packages": []}
    if scheme == "pacman":
        host["os"] = {"id": "arch"}
        feeds.add("arch-tracker", json.dumps([arch(*pair) for pair in enumerate(cases)]))
    else:
        system, ecosystem = SYSTEMS.get(scheme, ({}, LANGUAGES.get(scheme, "")))
        host["os"] = system
        documents = [osv(number, case, ecosystem) for number, case in enumerate(cases)]
        feeds.add("osv", json.dumps(documents), whole=True)
    for number, case in enumerate(cases):
        if scheme in LANGUAGES:
            package = {"name": names[number], "version": case.installed, "ecosystem": scheme}
            host["language_packages"].append(package)
        else:
            host["packages"].append(
                {
                    "name": names[number],
                    "version": case.installed,
                    "arch": "",
                    "source": names[number],
                    "source_version": case.installed,
                    "origin": ORIGINS.get(scheme, ""),
                    "suite": None,
                    "manual": None,
                }
            )
    return feeds.matcher(), host


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 1500
    assert {case.scheme for case in CASES} == {"apk", "deb", "rpm", "pacman", *LANGUAGES}


@pytest.mark.parametrize("scheme", sorted({case.scheme for case in CASES}))
def test_we_say_what_peers_expect_but_where_a_reason_is_given(feeds: Feeds, scheme: str) -> None:
    cases = [case for case in CASES if case.scheme == scheme]
    matcher, host = matcher_and_host(feeds, scheme, cases)

    findings = matcher.assess(host, include_installed=True)["findings"]

    missing = {one["advisory"] for one in findings if one["state"] == "missing"}
    differing = {
        (case.scheme, case.installed, case.fixed)
        for number, case in enumerate(cases)
        # A backport of another release has security support of its own: it is uncovered, and not compared.
        if (f"CASE-{number}" in missing) != (case.affected and "~bpo" not in case.installed)
    }
    assert differing == {place for place in DIFFERENCES if place[0] == scheme}
