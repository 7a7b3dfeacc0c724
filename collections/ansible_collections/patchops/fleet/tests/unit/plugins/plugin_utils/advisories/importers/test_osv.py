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
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]


def entry(ecosystem: str, *events: dict[str, str], **more: Any) -> str:
    affected = {
        "package": {"ecosystem": ecosystem, "name": "grafana"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return json.dumps({"id": "ALSA-2022:0001", "affected": [affected], **more})


INTRODUCED, FIXED = {"introduced": "0"}, {"fixed": "7.5.9-5.el8_5"}


def test_an_advisory_of_a_distribution_gives_the_fix_for_its_release(read: Read) -> None:
    text = entry(
        "AlmaLinux:8",
        INTRODUCED,
        FIXED,
        summary="Important: grafana security update",
        related=["CVE-2021-44716"],
        published="2022-01-03T07:30:31Z",
        modified="2022-01-07T20:56:35Z",
    )

    assert read("osv", text) == [
        Advisory(
            name="ALSA-2022:0001",
            title="Important: grafana security update",
            severity="high",
            issued="2022-01-03",
            updated="2022-01-07",
            url="https://osv.dev/vulnerability/ALSA-2022:0001",
            cves=("CVE-2021-44716",),
            affected=(Affected("almalinux:8", "grafana", "fixed", "7.5.9-5.el8_5"),),
        )
    ]


@pytest.mark.parametrize(
    ("ecosystem", "release", "channel"),
    [
        ("Rocky Linux:9", "rocky:9", ""),
        ("Debian:12", "debian:bookworm", ""),
        ("Ubuntu:24.04:LTS", "ubuntu:24.04", ""),
        ("Ubuntu:Pro:16.04:LTS", "ubuntu:16.04", "esm"),
        ("Alpine:v3.19", "alpine:3.19", ""),
        ("Red Hat:enterprise_linux:9::appstream", "rhel:9", ""),
        ("SUSE:Linux Enterprise Server 15 SP6", "sles:15.6", ""),
        ("openSUSE:Leap 15.6", "opensuse-leap:15.6", ""),
        ("PyPI", "pypi", ""),
        ("npm", "npm", ""),
    ],
)
def test_every_ecosystem_has_its_release_key(read: Read, ecosystem: str, release: str, channel: str) -> None:
    (advisory,) = read("osv", entry(ecosystem, INTRODUCED, FIXED))

    assert (advisory.affected[0].release, advisory.affected[0].channel) == (release, channel)


def test_a_range_that_is_never_fixed_is_affected(read: Read) -> None:
    (advisory,) = read("osv", entry("Debian:12", INTRODUCED))

    assert advisory.affected == (Affected("debian:bookworm", "grafana", "affected"),)


def test_two_ranges_each_keep_their_beginning(read: Read) -> None:
    (advisory,) = read(
        "osv", entry("PyPI", {"introduced": "1.0"}, {"fixed": "1.4"}, {"introduced": "2.0"}, {"fixed": "2.1"})
    )

    assert advisory.affected == (
        Affected("pypi", "grafana", "fixed", "1.4", introduced="1.0"),
        Affected("pypi", "grafana", "fixed", "2.1", introduced="2.0"),
    )


def test_events_count_in_the_order_of_their_versions(read: Read) -> None:
    (advisory,) = read(
        "osv",
        entry(
            "PyPI",
            {"fixed": "2.1"},
            {"introduced": "10.0"},
            {"fixed": "1.4"},
            {"introduced": "2.0"},
            {"introduced": "0"},
        ),
    )

    assert advisory.affected == (
        Affected("pypi", "grafana", "fixed", "1.4"),
        Affected("pypi", "grafana", "fixed", "2.1", introduced="2.0"),
        Affected("pypi", "grafana", "affected", introduced="10.0"),
    )


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"last_affected": "1.5"}, INTRODUCED], [("affected", "", "", "1.5")]),
        ([{"fixed": "1.6"}, {"last_affected": "1.5"}, INTRODUCED], [("fixed", "1.6", "", "1.5")]),
        (
            [INTRODUCED, {"fixed": "1"}, {"introduced": "1"}],
            [("fixed", "1", "", ""), ("affected", "", "1", "")],
        ),
        ([INTRODUCED, {"introduced": "1"}, {"fixed": "2"}], [("fixed", "2", "", "")]),
        ([INTRODUCED, {"fixed": "1"}, {"fixed": "2"}], [("fixed", "1", "", "")]),
    ],
)
def test_overlapping_and_bounded_ranges_end_at_their_first_end(
    read: Read, events: list[dict[str, str]], affected: list[tuple[str, ...]]
) -> None:
    (advisory,) = read("osv", entry("PyPI", *events))

    assert [(one.status, one.fixed, one.introduced, one.last) for one in advisory.affected] == affected


def test_versions_without_ranges_are_affected_one_by_one(read: Read) -> None:
    text = json.dumps(
        {
            "id": "GHSA-1",
            "affected": [{"package": {"ecosystem": "npm", "name": "evil"}, "versions": ["1.0.1", "1.0.3"]}],
        }
    )
    (advisory,) = read("osv", text)

    assert advisory.affected == (
        Affected("npm", "evil", "affected", introduced="1.0.1", last="1.0.1"),
        Affected("npm", "evil", "affected", introduced="1.0.3", last="1.0.3"),
    )


def test_versions_beside_ranges_count_where_no_range_holds_them(read: Read) -> None:
    document = json.loads(entry("PyPI", INTRODUCED, {"fixed": "1.0"}))
    document["affected"][0]["versions"] = ["0.9", "3.0"]
    document["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "0"}]})
    (advisory,) = read("osv", json.dumps(document))

    assert advisory.affected == (
        Affected("pypi", "grafana", "fixed", "1.0"),
        Affected("pypi", "grafana", "affected", introduced="3.0", last="3.0"),
    )


def test_suse_names_sources_and_the_binaries_beside_them(read: Read) -> None:
    document = json.loads(
        entry("SUSE:Linux Enterprise Module for Basesystem 15 SP6", INTRODUCED, {"fixed": "2-1"})
    )
    document["affected"][0]["ecosystem_specific"] = {"binaries": [{"grafana-data": "2-1.1"}]}
    (advisory,) = read("osv", json.dumps(document))

    assert advisory.affected == (
        Affected("sles:15.6", "grafana", "fixed", "2-1", arch="src"),
        Affected("sles:15.6", "grafana-data", "fixed", "2-1.1"),
        Affected("sled:15.6", "grafana", "fixed", "2-1", arch="src"),
        Affected("sled:15.6", "grafana-data", "fixed", "2-1.1"),
    )


def test_withdrawn_advisories_are_left_out(read: Read) -> None:
    assert read("osv", entry("Debian:12", INTRODUCED, withdrawn="2024-01-01T00:00:00Z")) == []


@pytest.mark.parametrize(
    ("ecosystem", "releases"),
    [
        ("Bioconductor", []),
        ("Red Hat:rhel_eus:9.2", []),
        ("Red Hat:openshift:4.12::el9", ["rhel:*"]),
        ("Ubuntu:Pro:FIPS:22.04:LTS", ["ubuntu:22.04"]),
        ("Ubuntu:Pro:Realtime:22.04:LTS", ["ubuntu:22.04"]),
        ("SUSE:Manager 4", ["sles:*", "sled:*"]),
        ("SUSE", ["sles:*", "sled:*"]),
        ("Debian", ["debian:*"]),
        ("Alpine", ["alpine:*"]),
        ("Rocky Linux", ["rocky:*"]),
    ],
)
def test_an_ecosystem_that_is_no_known_release_is_counted_and_unknown_where_it_may_be_meant(
    read: Read, ecosystem: str, releases: list[str]
) -> None:
    advisory, unread = read("osv", entry(ecosystem, INTRODUCED, FIXED))

    assert list(dict.fromkeys(one.release for one in advisory.affected)) == releases
    assert {one.status for one in advisory.affected} <= {"unknown"}
    assert unread == Unread(ecosystem)


@pytest.mark.parametrize("ranges", [[], [{"type": "GIT", "events": [{"introduced": "0"}]}]])
def test_versions_that_are_told_as_commits_alone_or_not_at_all_are_unknown(
    read: Read, ranges: list[Any]
) -> None:
    document = json.loads(entry("Debian:12", INTRODUCED, FIXED))
    document["affected"][0]["ranges"] = ranges
    advisory, unread = read("osv", json.dumps(document))

    assert [(one.release, one.status) for one in advisory.affected] == [("debian:bookworm", "unknown")]
    assert unread.what.startswith("Debian:12: the affected versions")


def test_names_in_red_hats_way_tell_bug_fixes_from_security(read: Read) -> None:
    (advisory,) = read("osv", entry("AlmaLinux:8", INTRODUCED, FIXED).replace("ALSA", "ALBA"))

    assert advisory.type == "bugfix"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"id": 1}', "id: expected text, found a number"),
        ('{"id": "A", "affected": {}}', "affected: expected a list, found an object"),
        (
            entry("Debian:12", FIXED),
            r"affected\[0\].ranges\[0\].events\[0\]: a fix before anything was introduced",
        ),
        (entry("Debian:12", INTRODUCED, {"fixed": ""}), r"events\[1\].fixed: is empty"),
    ],
)
def test_wrong_types_are_refused_with_their_place(read: Read, text: str, place: str) -> None:
    with pytest.raises(FeedError, match=place):
        read("osv", text)


@pytest.mark.shared
def test_the_real_archive_holds_5680_advisories_and_71329_fixes(shared_data: Path) -> None:
    records = KINDS["osv"](Feed(shared_data / "almalinux" / "osv.tar.xz"))
    advisories = [one for one in records if isinstance(one, Advisory)]

    assert len(advisories) == 5680
    assert sum(len(one.affected) for one in advisories) == 71329
