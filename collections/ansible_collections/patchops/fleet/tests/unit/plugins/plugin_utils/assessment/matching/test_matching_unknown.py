# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unknown is never rounded to "not affected": take away any input, and no finding may turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., dict[str, Any]]

CVES = {
    "missing": "CVE-2026-1001",
    "kernel": "CVE-2026-1002",
    "foreign": "CVE-2026-1003",
    "absent": "CVE-2026-1004",
}
BAD = {
    "security_source": {"status": "absent"},
    "refresh": {"ok": False, "errors": [{"message": "timed out"}]},
    "broken": {"interrupted": True, "packages": []},
    "packages": None,
    "updates": None,
    "os": {"id": "debian", "version_id": "8", "codename": "jessie", "support": {"status": "ended"}},
}
CODES = {
    "security_source": "security_source_absent",
    "refresh": "refresh_failed",
    "broken": "broken_packages",
    "packages": "packages_unreadable",
    "updates": "updates_unreadable",
    "os": "release_unsupported",
}


def reason_codes(document: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in document["coverage"]["reasons"]}


@pytest.fixture
def matcher(feeds: Any) -> Any:
    return feeds.dsa(
        ("DSA-1-1", "curl", "7.88.1-10+deb12u8", [CVES["missing"]]),
        ("DSA-2-1", "linux", "6.1.140-1", [CVES["kernel"]]),
        ("DSA-3-1", "docker", "26.1.0-1", [CVES["foreign"]]),
        ("DSA-4-1", "exim4", "4.96-15", [CVES["absent"]]),
    ).matcher()


@pytest.fixture
def host(debian: Make, package: Make) -> dict[str, Any]:
    return debian(
        package("curl", "7.88.1-10"),
        package(
            "linux-image-6.1.0-37-amd64", "6.1.140-1", source="linux-signed-amd64", source_version="6.1.140+1"
        ),
        package("docker", "26.0.0", origin="Docker"),
        kernel={"running": "6.1.0-35-amd64", "running_build": "6.1.137-1", "default_boot": None},
        updates=[
            {
                "name": "curl",
                "arch": "amd64",
                "candidate": "7.88.1-10+deb12u8",
                "suite": "stable-security",
                "security": True,
            }
        ],
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where anything could be missing from a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if not (isinstance(value, list) and path == ("packages",)):
            yield (*path, key)
        yield from places(inner, (*path, key))


def without(document: Any, path: tuple[str | int, ...], how: str) -> Any:
    key, *rest = path
    copy = dict(document) if isinstance(document, dict) else list(document)
    if rest:
        copy[key] = without(document[key], tuple(rest), how)
    elif how == "null":
        copy[key] = None
    else:
        del copy[key]
    return copy


# Without its name or version a package is none; host documents are checked for that when they are read.
NEEDED = {"name", "version", "arch", "candidate"}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples * 2
)
@given(data=st.data())
def test_taking_away_one_input_turns_no_verdict_into_not_affected(
    matcher: Any, host: dict[str, Any], data: st.DataObject
) -> None:
    candidates = [one for one in places(host) if one[-1] not in NEEDED and not isinstance(one[-1], int)]
    path = data.draw(st.sampled_from(candidates))
    poorer = without(host, path, data.draw(st.sampled_from(["null", "missing"])))

    for cve in (CVES["missing"], CVES["kernel"], CVES["foreign"]):
        assert matcher.verdict(host, cve)["state"] != "not_affected"
        assert matcher.verdict(poorer, cve)["state"] != "not_affected", (path, cve)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bad=st.sampled_from(sorted(BAD)), data=st.data())
def test_what_was_bad_does_not_become_good_by_being_unreadable(
    matcher: Any, host: dict[str, Any], bad: str, data: st.DataObject
) -> None:
    poor = {**host, bad: BAD[bad]}
    candidates = [one for one in places(poor) if one[0] == bad and not isinstance(one[-1], int)]
    poorer = without(poor, data.draw(st.sampled_from(candidates)), "null")

    assert matcher.verdict(host, CVES["absent"])["state"] == "not_affected"
    assert matcher.verdict(poor, CVES["absent"])["state"] == "unknown"
    assert matcher.verdict(poorer, CVES["absent"])["state"] == "unknown"


@pytest.mark.parametrize("bad", sorted(BAD))
def test_each_gap_is_named_and_makes_the_host_a_row_that_is_unknown(
    matcher: Any, host: dict[str, Any], bad: str
) -> None:
    document = matcher.assess({**host, bad: BAD[bad]})

    assert CODES[bad] in reason_codes(document)
    assert (document["findings"][0]["package"], document["findings"][0]["state"]) == (None, "unknown")


@pytest.mark.parametrize("status", ["absent", "expired", "unentitled", "unreadable", "stale"])
def test_every_state_of_the_security_source_but_ok_is_a_gap(
    matcher: Any, host: dict[str, Any], status: str
) -> None:
    document = matcher.assess({**host, "security_source": {"status": status, "reason": "because"}})

    assert reason_codes(document) == {f"security_source_{status}"}
    assert document["coverage"]["reasons"][0]["message"].endswith(": because")


def test_a_release_without_a_feed_is_unknown(matcher: Any, debian: Make, package: Make) -> None:
    os = {"id": "debian", "version_id": "13", "codename": "trixie", "support": {"status": "supported"}}

    assert reason_codes(matcher.assess(debian(package("curl", "8"), os=os))) == {"feed_missing"}


def test_a_system_that_nobody_knows_is_unknown(matcher: Any, debian: Make, package: Make) -> None:
    document = matcher.assess(debian(package("curl", "8"), os={"id": "haiku", "version_id": "r1"}))

    assert reason_codes(document) == {"release_unknown"}
    assert document["release"] is None


@pytest.mark.parametrize(
    ("system", "version"),
    [("debian", "8"), ("debian", "7"), ("alpine", "3.11"), ("centos", "6"), ("rhel", "6")],
)
def test_a_release_that_ended_long_ago_is_flagged_even_where_the_host_does_not_tell(
    matcher: Any, debian: Make, package: Make, system: str, version: str
) -> None:
    os = {"id": system, "version_id": version, "support": {"status": "unknown"}}

    assert "release_unsupported" in reason_codes(matcher.assess(debian(package("curl", "8"), os=os)))
