# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]

CURL = ("DSA-1-1", "curl", "7.88.1-10+deb12u8", ["CVE-2026-1001", "CVE-2026-1002"])


def codes(finding: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in finding["reasons"]]


def offer(name: str, installed: str, candidate: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "arch": "amd64",
        "installed": installed,
        "candidate": candidate,
        "suite": "stable-security",
        "security": True,
        "held": False,
        "blocked": False,
        "source": name,
        **more,
    }


def test_an_older_package_misses_the_fix_and_the_finding_says_all_about_it(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(CURL).add(
        "kev", "cveID,vulnerabilityName,dateAdded,dueDate\nCVE-2026-1002,curl,2026-08-01,2026-08-15\n"
    )
    host = debian(package("curl", "7.88.1-10"), updates=[offer("curl", "7.88.1-10", "7.88.1-10+deb12u8")])

    document = feeds.matcher().assess(host)

    assert document["coverage"] == {
        "complete": True,
        "reasons": [],
        "uncovered": [],
        "security_source": {"as_of": None, "frozen": None},
        "packages": 1,
        "judged": 1,
        "judges": [{"repository": "", "feeds": ["debian"], "packages": 1, "judged": True}],
    }
    assert document["findings"] == [
        {
            "host": "web1",
            "advisory": "DSA-1-1",
            "cves": ["CVE-2026-1001", "CVE-2026-1002"],
            "package": "curl",
            "binaries": [{"name": "curl", "arch": "amd64", "version": "7.88.1-10"}],
            "installed": "7.88.1-10",
            "fixed": "7.88.1-10+deb12u8",
            "state": "missing",
            "no_fix": None,
            "effective": None,
            "fix_available": True,
            "candidate": "7.88.1-10+deb12u8",
            "severity": "unknown",
            "type": "security",
            "title": "curl - security update",
            "issued": "2026-08-21",
            "url": "https://security-tracker.debian.org/tracker/DSA-1-1",
            "source": "debian",
            "kev": {
                "cve": "CVE-2026-1002",
                "name": "curl",
                "date_added": "2026-08-01",
                "due_date": "2026-08-15",
                "ransomware": None,
                "forensics": None,
            },
            "in_kev": True,
            "epss": None,
            "ssvc": None,
            "cvss": None,
            "due": None,
            "reasons": [
                {
                    "code": "older_than_fix",
                    "message": "the installed version is older than the one that fixes it: "
                    "7.88.1-10 < 7.88.1-10+deb12u8",
                }
            ],
        }
    ]


def test_an_installed_fix_is_listed_only_on_request(feeds: Any, debian: Make, package: Make) -> None:
    matcher = feeds.dsa(CURL).matcher()
    host = debian(package("curl", "7.88.1-10+deb12u8"))

    assert matcher.assess(host)["findings"] == []
    (finding,) = matcher.assess(host, include_installed=True)["findings"]
    assert (finding["state"], finding["effective"], codes(finding)) == ("installed", "yes", ["fix_installed"])


def test_the_source_version_counts_where_a_binary_has_another_one(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.dsa(("DSA-2-1", "lvm2", "2.03.16-2", ["CVE-2026-1003"])).matcher()
    fixed = package("dmsetup", "2:1.02.185-2", source="lvm2", source_version="2.03.16-2")
    older = package("dmsetup", "2:1.02.185-1", source="lvm2", source_version="2.03.16-1")

    assert matcher.assess(debian(fixed))["findings"] == []
    (finding,) = matcher.assess(debian(older))["findings"]
    assert (finding["package"], finding["installed"]) == ("lvm2", "2.03.16-1")


def test_binaries_of_one_source_are_one_finding_that_names_the_older_ones(
    feeds: Any, debian: Make, package: Make
) -> None:
    host = debian(
        package("curl", "7.88.1-10+deb12u8"),
        package("libcurl4", "7.88.1-10", source="curl"),
        package("libcurl3-gnutls", "7.88.1-9", source="curl"),
    )

    (finding,) = feeds.dsa(CURL).matcher().assess(host)["findings"]

    assert [one["name"] for one in finding["binaries"]] == ["libcurl4", "libcurl3-gnutls"]
    assert finding["installed"] == "7.88.1-9"


def test_a_regression_advisory_without_cves_is_a_finding_of_its_own(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(CURL, ("DSA-1-2", "curl", "7.88.1-10+deb12u9", []))
    (finding,) = feeds.matcher().assess(debian(package("curl", "7.88.1-10+deb12u8")))["findings"]

    assert (finding["advisory"], finding["cves"], finding["state"]) == ("DSA-1-2", [], "missing")


def test_a_fix_that_the_repositories_do_not_offer_says_so(feeds: Any, debian: Make, package: Make) -> None:
    (finding,) = feeds.dsa(CURL).matcher().assess(debian(package("curl", "7.88.1-10")))["findings"]

    assert (finding["fix_available"], codes(finding)) == (False, ["older_than_fix", "fix_not_offered"])


@pytest.mark.parametrize(
    ("as_of", "code"),
    [("2000-01-01T00:00:00Z", "fix_not_offered_here"), ("2999-01-01T00:00:00Z", "fix_not_offered")],
)
def test_an_advisory_newer_than_the_hosts_repositories_is_not_offered_here(
    feeds: Any, debian: Make, package: Make, as_of: str, code: str
) -> None:
    frozen = {"until": "2999-01-01", "reason": "content view 12"}
    source = {"status": "ok", "reason": "", "repositories": ["x"], "as_of": as_of, "frozen": frozen}
    host = debian(package("curl", "7.88.1-10")) | {"security_source": source}
    found = feeds.dsa(CURL).matcher().assess(host)

    assert codes(found["findings"][0]) == ["older_than_fix", code]
    assert found["coverage"]["security_source"] == {"as_of": as_of, "frozen": frozen}


def test_an_offer_older_than_the_fix_does_not_make_it_available(
    feeds: Any, debian: Make, package: Make
) -> None:
    host = debian(package("curl", "7.88.1-10"), updates=[offer("curl", "7.88.1-10", "7.88.1-10+deb12u7")])
    (finding,) = feeds.dsa(CURL).matcher().assess(host)["findings"]

    assert (finding["fix_available"], finding["candidate"]) == (False, "7.88.1-10+deb12u7")


def test_held_and_blocked_packages_say_why_the_offer_is_not_taken(
    feeds: Any, debian: Make, package: Make
) -> None:
    update = offer("curl", "7.88.1-10", "7.88.1-10+deb12u8", held=True, blocked=True)
    (finding,) = (
        feeds.dsa(CURL).matcher().assess(debian(package("curl", "7.88.1-10"), updates=[update]))["findings"]
    )

    assert codes(finding) == ["older_than_fix", "fix_held", "fix_blocked"]


def test_unreadable_updates_leave_the_offer_unknown(feeds: Any, debian: Make, package: Make) -> None:
    document = feeds.dsa(CURL).matcher().assess(debian(package("curl", "7.88.1-10"), updates=None))

    assert [one["fix_available"] for one in document["findings"]] == [None, None]
    assert [one["state"] for one in document["findings"]] == ["unknown", "missing"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "Docker"},
        {"suite": "bookworm-backports"},
        {"version": "7.88.1-10~bpo12+1"},
    ],
)
def test_packages_of_others_and_backports_are_not_matched_and_are_named(
    feeds: Any, debian: Make, package: Make, foreign: dict[str, str]
) -> None:
    matcher = feeds.dsa(CURL).matcher()
    host = debian({**package("curl", "7.88.1-10"), **foreign})
    document = matcher.assess(host)

    assert document["findings"] == []
    assert [one["package"] for one in document["coverage"]["uncovered"]] == ["curl"]
    assert matcher.verdict(host, "CVE-2026-1001")["state"] == "unknown"


def test_a_version_that_no_repository_offers_any_more_is_matched(
    feeds: Any, debian: Make, package: Make
) -> None:
    (finding,) = (
        feeds.dsa(CURL)
        .matcher()
        .assess(debian(package("curl", "7.88.1-10", origin="", suite=None)))["findings"]
    )

    assert finding["state"] == "missing"


def tracker(**release: str) -> str:
    return json.dumps({"curl": {"CVE-2026-1009": {"description": "d", "releases": {"bookworm": release}}}})


@pytest.mark.parametrize(
    ("release", "state", "no_fix", "code"),
    [
        ({"status": "open", "urgency": "low"}, "no_fix", "none_yet", "no_fix_yet"),
        (
            {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": "postponed"},
            "no_fix",
            "deferred",
            "vendor_deferred",
        ),
        ({"status": "undetermined", "urgency": "low"}, "unknown", None, "under_investigation"),
    ],
)
def test_what_the_vendor_left_open_is_told_apart(
    feeds: Any, debian: Make, package: Make, release: dict[str, str], state: str, no_fix: str, code: str
) -> None:
    feeds.add("debian-tracker", tracker(**release))
    (finding,) = feeds.matcher().assess(debian(package("curl", "7.88.1-10")))["findings"]

    assert (finding["state"], finding["no_fix"], codes(finding)) == (state, no_fix, [code])


def test_a_tracker_entry_that_an_advisory_covers_is_not_told_twice(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(("DSA-1-1", "curl", "7.88.1-10+deb12u8", ["CVE-2026-1009"]))
    feeds.add("debian-tracker", tracker(status="resolved", urgency="low", fixed_version="7.88.1-10+deb12u8"))

    findings = feeds.matcher().assess(debian(package("curl", "7.88.1-10")))["findings"]

    assert [one["advisory"] for one in findings] == ["DSA-1-1"]


def test_a_tracker_entry_with_a_later_fix_than_the_advisory_stays(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(("DSA-1-1", "curl", "7.88.1-10+deb12u8", ["CVE-2026-1009"]))
    feeds.add("debian-tracker", tracker(status="resolved", urgency="low", fixed_version="7.88.1-10+deb12u9"))

    findings = feeds.matcher().assess(debian(package("curl", "7.88.1-10+deb12u8")))["findings"]

    assert [one["advisory"] for one in findings] == ["CVE-2026-1009"]


def test_a_pending_security_update_without_advisory_is_a_finding(
    feeds: Any, debian: Make, package: Make
) -> None:
    update = offer("tzdata", "2024a-0+deb12u1", "2026b-0+deb12u1")
    document = (
        feeds.dsa(CURL).matcher().assess(debian(package("tzdata", "2024a-0+deb12u1"), updates=[update]))
    )

    (finding,) = document["findings"]
    assert (finding["advisory"], finding["package"], finding["state"]) == (None, "tzdata", "missing")
    assert (finding["fixed"], codes(finding)) == ("2026b-0+deb12u1", ["update_without_advisory"])
    assert document["updates_explained"] == [
        {
            "package": "tzdata",
            "arch": "amd64",
            "candidate": "2026b-0+deb12u1",
            "by": "no_advisory",
            "advisories": [],
        }
    ]


def test_a_pending_update_from_an_index_newer_than_the_feed_says_so(
    feeds: Any, debian: Make, package: Make
) -> None:
    host = debian(
        package("apt", "2.6.1"),
        updates=[offer("apt", "2.6.1", "2.6.2")],
        repositories=[{"suite": "stable-security", "date": "2026-08-22T08:00:00Z"}],
    )
    document = feeds.dsa(CURL).matcher().assess(host)

    assert codes(document["findings"][0]) == ["newer_than_feed"]
    assert document["updates_explained"][0]["by"] == "newer_than_feed"


def test_a_pending_update_is_explained_by_its_advisories(feeds: Any, debian: Make, package: Make) -> None:
    host = debian(package("curl", "7.88.1-10"), updates=[offer("curl", "7.88.1-10", "7.88.1-10+deb12u8")])

    explained = feeds.dsa(CURL).matcher().assess(host)["updates_explained"]

    assert [(one["by"], one["advisories"]) for one in explained] == [("advisory", ["DSA-1-1"])]


def test_a_fix_whose_old_code_still_runs_is_not_in_effect(feeds: Any, debian: Make, package: Make) -> None:
    restarts = [
        {"unit": "nginx.service", "processes": [7], "files": ["/lib/libcurl.so.4"], "packages": ["libcurl4"]}
    ]
    host = debian(package("libcurl4", "7.88.1-10+deb12u8", source="curl"), restarts=restarts)
    (finding,) = feeds.dsa(CURL).matcher().assess(host)["findings"]

    assert (finding["state"], finding["effective"]) == ("installed", "no")
    assert (
        finding["reasons"][1]["message"]
        == "programs still run the code from before the update: nginx.service"
    )


def test_old_code_that_runs_is_held_against_the_newest_fix_and_leaves_earlier_ones_unknown(
    feeds: Any, debian: Make, package: Make
) -> None:
    earlier = ("DSA-0-1", "curl", "7.88.1-10+deb12u2", ["CVE-2023-1001"])
    restarts = [{"unit": "nginx.service", "processes": [7], "files": ["/x"], "packages": ["curl"]}]
    matcher = feeds.dsa(CURL, earlier).matcher()
    host = debian(package("curl", "7.88.1-10+deb12u8"), restarts=restarts)

    assert [(one["advisory"], one["effective"]) for one in matcher.assess(host)["findings"]] == [
        ("DSA-1-1", "no")
    ]
    assert matcher.verdict(host, "CVE-2023-1001")["effective"] == "unknown"


def test_replaced_files_of_unknown_packages_leave_the_host_unknown(
    feeds: Any, debian: Make, package: Make
) -> None:
    restarts = [{"unit": "nginx.service", "processes": [7], "files": ["/lib/libcurl.so.4"]}]
    host = debian(package("libcurl4", "7.88.1-10+deb12u8", source="curl"), restarts=restarts)
    (finding,) = feeds.dsa(CURL).matcher().assess(host)["findings"]

    assert (finding["package"], finding["state"], codes(finding)) == (None, "unknown", ["old_code_running"])


def test_unreadable_processes_leave_the_effect_unknown(feeds: Any, debian: Make, package: Make) -> None:
    matcher = feeds.dsa(CURL).matcher()
    host = debian(package("curl", "7.88.1-10+deb12u8"), restarts=None)

    assert [codes(one) for one in matcher.assess(host)["findings"]] == [["running_code_unreadable"]]
    assert matcher.verdict(host, "CVE-2026-1001")["effective"] == "unknown"


def test_a_stale_feed_leaves_the_host_unknown_and_keeps_what_it_found(
    feeds: Any, debian: Make, package: Make
) -> None:
    feeds.dsa(CURL)
    matcher = feeds.matcher(now=feeds.matcher()._now + timedelta(days=8))
    document = matcher.assess(debian(package("curl", "7.88.1-10")))

    assert not document["coverage"]["complete"]
    assert [(one["advisory"], one["state"]) for one in document["findings"]] == [
        (None, "unknown"),
        ("DSA-1-1", "missing"),
    ]


def test_not_affected_is_said_only_of_cves_that_the_feed_knows(
    feeds: Any, debian: Make, package: Make
) -> None:
    matcher = feeds.dsa(CURL).matcher()
    host = debian(package("bash", "5.2"))

    assert matcher.verdict(host, "CVE-2026-1001")["state"] == "not_affected"
    unheard = matcher.verdict(host, "CVE-2026-9999")
    assert (unheard["state"], codes(unheard)) == ("unknown", ["cve_not_in_feeds"])


@pytest.mark.parametrize(("version", "state"), [("7.88.1-10", "missing"), ("7.88.1-10+deb12u8", "installed")])
def test_a_verdict_tells_the_state_of_a_cve(
    feeds: Any, debian: Make, package: Make, version: str, state: str
) -> None:
    verdict = feeds.dsa(CURL).matcher().verdict(debian(package("curl", version)), "cve-2026-1001")

    assert verdict["state"] == state
    assert [one["advisory"] for one in verdict["findings"]] == ["DSA-1-1"]


TRACKER = {
    "curl": {
        "CVE-2026-1001": {"releases": {"bookworm": {"status": "open", "urgency": "medium"}}},
        "CVE-2026-1002": {"releases": {"bookworm": {"status": "open", "urgency": "medium"}}},
    }
}


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("7.88.1-10+deb12u9", [("CVE-2026-1002", "no_fix")]),
        ("7.88.1-10+deb12u8", [("CVE-2026-1002", "no_fix"), ("DSA-1-1", "missing")]),
    ],
)
def test_what_an_advisory_fixes_is_not_open_any_more(
    feeds: Any, debian: Make, package: Make, version: str, found: list[tuple[str, str]]
) -> None:
    feeds.dsa(("DSA-1-1", "curl", "7.88.1-10+deb12u9", ["CVE-2026-1001"]))
    feeds.add("debian-tracker", json.dumps(TRACKER))
    findings = feeds.matcher().assess(debian(package("curl", version)))["findings"]

    assert [(one["advisory"], one["state"]) for one in findings if one["advisory"]] == found


@pytest.mark.parametrize(
    ("version", "state"), [("7.88.1-10+deb12u5", "no_fix"), ("7.88.1-10+deb12u9", "unknown")]
)
def test_an_openvex_statement_speaks_of_the_version_that_it_names(
    feeds: Any, debian: Make, package: Make, version: str, state: str
) -> None:
    statement = {
        "vulnerability": {"name": "CVE-2026-1001"},
        "products": [{"@id": "pkg:deb/debian/curl@7.88.1-10+deb12u5?distro=debian-12"}],
        "status": "affected",
    }
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "statements": [statement]}
    feeds.dsa(("DSA-2-1", "bash", "5", []))
    feeds.add("openvex", json.dumps({**vex, "timestamp": "2026-08-20T00:00:00Z"}))
    findings = feeds.matcher().assess(debian(package("curl", version)))["findings"]

    assert [one["state"] for one in findings] == [state]
