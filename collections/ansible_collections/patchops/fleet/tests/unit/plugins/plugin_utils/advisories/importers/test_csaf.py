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
    Cvss,
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers import KINDS
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

Read = Callable[..., list[Any]]


def product(identity: str, **helper: str) -> dict[str, Any]:
    return {"product": {"product_id": identity, "name": identity, "product_identification_helper": helper}}


def part(platform: str, component: str) -> dict[str, Any]:
    return {
        "product_reference": component,
        "relates_to_product_reference": platform,
        "full_product_name": {"product_id": f"{platform}:{component}"},
    }


TREE = {
    "branches": [
        {
            "branches": [
                product("AppStream-9", cpe="cpe:/a:redhat:enterprise_linux:9::appstream"),
                product("EUS-9.2", cpe="cpe:/a:redhat:rhel_eus:9.2::appstream"),
                product("SLES-15-SP6", cpe="cpe:/o:suse:sles:15:sp6"),
                product("vim", purl="pkg:rpm/redhat/vim"),
                product(
                    "vim-common-2:8.2-20.x86_64", purl="pkg:rpm/redhat/vim-common@8.2-20?arch=x86_64&epoch=2"
                ),
                product("vim-2:8.2-20.src", purl="pkg:rpm/redhat/vim@8.2-20?arch=src&epoch=2"),
                product("kernel-default-6.4.0-150600.23.x86_64"),
                product("nodejs:18/npm", purl="pkg:rpm/redhat/npm?rpmmod=nodejs:18"),
            ]
        }
    ],
    "relationships": [
        part("AppStream-9", "vim"),
        part("AppStream-9", "vim-common-2:8.2-20.x86_64"),
        part("AppStream-9", "vim-2:8.2-20.src"),
        part("EUS-9.2", "vim-common-2:8.2-20.x86_64"),
        part("SLES-15-SP6", "kernel-default-6.4.0-150600.23.x86_64"),
        part("AppStream-9", "nodejs:18/npm"),
    ],
}


def document(category: str, status: dict[str, list[str]], **more: Any) -> str:
    vulnerability = {"cve": "CVE-2026-6001", "product_status": status, **more}
    head = {
        "csaf_version": "2.0",
        "category": category,
        "title": "vim: overflow",
        "aggregate_severity": {"text": "Moderate"},
        "tracking": {
            "id": "RHSA-2026:1",
            "initial_release_date": "2026-08-01T00:00:00Z",
            "current_release_date": "2026-08-02T00:00:00Z",
        },
    }
    return json.dumps({"document": head, "product_tree": TREE, "vulnerabilities": [vulnerability]})


def test_an_advisory_gives_the_fixed_binaries_and_sources_of_the_main_stream(read: Read) -> None:
    fixed = [
        "AppStream-9:vim-common-2:8.2-20.x86_64",
        "AppStream-9:vim-2:8.2-20.src",
        "EUS-9.2:vim-common-2:8.2-20.x86_64",
        "SLES-15-SP6:kernel-default-6.4.0-150600.23.x86_64",
    ]
    assert read("csaf", document("csaf_security_advisory", {"fixed": fixed})) == [
        Advisory(
            name="RHSA-2026:1",
            title="vim: overflow",
            severity="medium",
            issued="2026-08-01",
            updated="2026-08-02",
            cves=("CVE-2026-6001",),
            affected=(
                Affected("rhel:9", "vim-common", "fixed", "2:8.2-20", arch="x86_64"),
                Affected("rhel:9", "vim", "fixed", "2:8.2-20", arch="src"),
                Affected("sles:15.6", "kernel-default", "fixed", "6.4.0-150600.23", arch="x86_64"),
            ),
        )
    ]


def test_a_vex_document_is_named_by_its_cve_and_speaks_of_sources(read: Read) -> None:
    (advisory,) = read("csaf", document("csaf_vex", {"known_affected": ["AppStream-9:vim"]}))

    assert advisory.name == "CVE-2026-6001"
    assert advisory.affected == (Affected("rhel:9", "vim", "affected", arch="src"),)


@pytest.mark.parametrize(
    ("category", "details"), [("no_fix_planned", "Will not fix"), ("none_available", "Fix deferred")]
)
def test_what_the_vendor_put_off_is_deferred_in_its_words(read: Read, category: str, details: str) -> None:
    remediation = {"category": category, "details": details, "product_ids": ["AppStream-9:vim"]}
    (advisory,) = read(
        "csaf", document("csaf_vex", {"known_affected": ["AppStream-9:vim"]}, remediations=[remediation])
    )

    assert advisory.affected == (Affected("rhel:9", "vim", "deferred", arch="src", note=details),)


def test_not_affected_and_under_investigation_are_kept_apart(read: Read) -> None:
    status = {"known_not_affected": ["AppStream-9:vim"], "under_investigation": ["AppStream-9:nodejs:18/npm"]}
    (advisory,) = read("csaf", document("csaf_vex", status))

    assert advisory.affected == (
        Affected("rhel:9", "vim", "not_affected", arch="src"),
        Affected("rhel:9", "npm", "under_investigation", arch="src", module="nodejs:18"),
    )


def test_base_scores_are_taken(read: Read) -> None:
    scores = [{"cvss_v3": {"baseScore": 7.8, "vectorString": "CVSS:3.1/AV:L"}}]
    records = read("csaf", document("csaf_vex", {}, scores=scores))

    assert records == [Cvss("CVE-2026-6001", 7.8, "CVSS:3.1/AV:L")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "document.csaf_version: expected a CSAF 2 document"),
        (document("csaf_vex", {"fixed": "all"}), "product_status.fixed: expected a list, found text"),  # type: ignore[dict-item]
    ],
)
def test_other_documents_are_refused(read: Read, text: str, message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read("csaf", text)


ROLIE = {"feed": {"id": "x", "entry": [{"id": "RHSA-2026:1"}]}}
METADATA = {"canonical_url": "https://example.org/p.json", "metadata_version": "2.0"}


def test_what_lists_the_documents_of_a_folder_is_passed_over(tmp_path: Path) -> None:
    fixed = document("csaf_security_advisory", {"fixed": ["AppStream-9:vim-2:8.2-20.src"]})
    for name, text in (
        ("a", fixed),
        ("feed", json.dumps(ROLIE)),
        ("provider-metadata", json.dumps(METADATA)),
    ):
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")

    assert [one.name for one in KINDS["csaf"](Feed(tmp_path)) if isinstance(one, Advisory)] == ["RHSA-2026:1"]


def test_a_list_of_documents_alone_is_no_document(read: Read) -> None:
    with pytest.raises(FeedError, match="expected a CSAF 2 document"):
        read("csaf", json.dumps(ROLIE))


VEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "author": "Example Org",
    "timestamp": "2026-07-29T00:00:00Z",
    "statements": [
        {
            "vulnerability": {"name": "CVE-2024-10001"},
            "products": [{"@id": "pkg:apk/alpine/musl@1.1.22-r3?distro=alpine-3.10.9"}],
            "status": "fixed",
        },
        {
            "vulnerability": "CVE-2024-10002",
            "products": ["pkg:deb/debian/libssl3@3.0.1-1?distro=debian-12&upstream=openssl", "pkg:oci/app"],
            "status": "affected",
        },
        {"vulnerability": {"name": "CVE-2024-10003"}, "products": ["pkg:oci/app"], "status": "affected"},
    ],
}


def test_openvex_statements_speak_of_what_their_package_urls_name(read: Read) -> None:
    records = read("openvex", json.dumps(VEX))
    fixed, affected = (one for one in records if isinstance(one, Advisory))

    assert (fixed.name, fixed.issued) == ("CVE-2024-10001", "2026-07-29")
    assert fixed.affected == (Affected("alpine:3.10", "musl", "fixed", "1.1.22-r3"),)
    assert affected.affected == (
        Affected("debian:bookworm", "openssl", "affected", last="3.0.1-1"),
        Affected("debian:bookworm", "openssl", "unknown", note="the statement is on another version"),
    )
    assert [one for one in records if isinstance(one, Unread)] == [Unread("pkg:oci/"), Unread("pkg:oci/")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"@context": "x"}, "expected an OpenVEX document"),
        ({"statements": [{"status": "perhaps"}]}, "expected one of"),
    ],
)
def test_other_openvex_documents_are_refused(read: Read, change: dict[str, Any], message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read("openvex", json.dumps({**VEX, **change}))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("kind", "path", "count"),
    [
        ("csaf", "csaf/redhat-vex.json", 1),
        ("csaf", "scanners/csaf/csaf_many_vuln.json", 0),
        ("openvex", "scanners/openvex/openvex_many_vuln.json", 5),
    ],
)
def test_real_documents_are_read(shared_data: Path, kind: str, path: str, count: int) -> None:
    records = list(KINDS[kind](Feed(shared_data / path)))

    assert sum(isinstance(one, Advisory) for one in records) == count
