# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a feed says in a way that can't be applied to a host makes the answer unknown, never clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase

Make = Callable[..., dict[str, Any]]
CVE = "CVE-2026-1001"
DAY = "2026-08-20T00:00:00Z"


def osv(*affected: dict[str, Any]) -> str:
    return json.dumps({"id": CVE, "aliases": [CVE], "modified": DAY, "affected": list(affected)})


def fixed(ecosystem: str, name: str, version: str) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": version}]
    ranges = [{"type": "ECOSYSTEM", "events": events}]
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}


def ubuntu(debian: Make, *packages: dict[str, Any]) -> dict[str, Any]:
    os = {"id": "ubuntu", "version_id": "22.04", "codename": "jammy", "support": {"status": "supported"}}
    return debian(*({**one, "origin": "Ubuntu"} for one in packages), os=os)


def state_of(feeds: Any, text: str, host: dict[str, Any], kind: str = "osv") -> str:
    return str(feeds.add(kind, text, whole=True).matcher().verdict(host, CVE)["state"])


UNKNOWN_PRODUCTS = ["Ubuntu:Pro:FIPS:22.04:LTS", "Ubuntu:Pro:Realtime:22.04:LTS", "Ubuntu", "Ubuntu:Core"]


@pytest.mark.parametrize("ecosystem", UNKNOWN_PRODUCTS)
def test_a_package_that_an_unknown_product_names_is_unknown(
    feeds: Any, debian: Make, package: Make, ecosystem: str
) -> None:
    text = osv(fixed(ecosystem, "openssl", "3.0.2-1"), fixed("Ubuntu:22.04:LTS", "other", "2-1"))
    feeds.add("osv", text, whole=True)
    matcher = feeds.matcher()
    host = ubuntu(debian, package("openssl", "3.0.2-9"))
    (finding,) = matcher.assess(host)["findings"]

    assert matcher.verdict(host, CVE)["state"] == "unknown"
    assert (finding["package"], finding["state"]) == ("openssl", "unknown")
    assert finding["reasons"][0]["code"] == "advisory_unclear"
    assert ecosystem in finding["reasons"][0]["message"]
    # Who has none of the packages that are named is not concerned.
    assert matcher.verdict(ubuntu(debian, package("bash", "1-1")), CVE)["state"] == "not_affected"


@pytest.mark.parametrize("ecosystem", UNKNOWN_PRODUCTS)
def test_what_is_said_of_the_release_itself_decides(
    feeds: Any, debian: Make, package: Make, ecosystem: str
) -> None:
    text = osv(fixed(ecosystem, "openssl", "3.9"), fixed("Ubuntu:22.04:LTS", "openssl", "3.0.2-1"))

    assert state_of(feeds, text, ubuntu(debian, package("openssl", "3.0.2-9"))) == "installed"
    assert state_of(feeds, text, ubuntu(debian, package("openssl", "3.0.1-9"))) == "missing"


def test_a_build_for_fips_is_not_measured_by_plain_versions(feeds: Any, debian: Make, package: Make) -> None:
    text = osv(fixed("Ubuntu:22.04:LTS", "openssl", "3.0.2-0ubuntu1.20"))
    build = package("openssl", "3.0.2-0ubuntu1.20+fips.1", origin="UbuntuFIPS")
    host = {**ubuntu(debian), "packages": [build]}

    assert state_of(feeds, text, host) == "unknown"


@pytest.mark.parametrize("ranges", [[], [{"type": "GIT", "events": [{"introduced": "0"}]}]])
def test_versions_told_as_commits_alone_or_not_at_all_are_unknown(
    feeds: Any, debian: Make, package: Make, ranges: list[Any]
) -> None:
    text = osv({**fixed("Debian:12", "curl", "1"), "ranges": ranges})

    assert state_of(feeds, text, debian(package("curl", "1-1"))) == "unknown"


def test_an_import_says_which_products_it_does_not_know(feeds: Any) -> None:
    feeds.add("osv", osv(fixed("Ubuntu:Core", "a", "1"), fixed("Hex", "b", "1"), fixed("Hex", "c", "1")))
    with AdvisoryDatabase.open(feeds.path) as opened:
        (source,) = opened.sources()

    assert (source.unread, source.unread_examples) == (3, "Hex, Ubuntu:Core")


VENDOR = "SUSE LLC <https://www.suse.com/>"


def csaf(
    status: str, identity: str, platform: str = "SUSE Linux Enterprise Server 15 SP6", cpe: str = ""
) -> str:
    """A VEX document that says this of a product; the tree explains curl and curl-0:8.0-1.x86_64."""
    names = ("curl", "curl-0:8.0-1.x86_64")
    helper = {"product_identification_helper": {"cpe": cpe}} if cpe else {}
    return json.dumps(
        {
            "document": {
                "csaf_version": "2.0",
                "category": "csaf_vex",
                "tracking": {"id": CVE, "current_release_date": DAY},
            },
            "product_tree": {
                "full_product_names": [
                    {"product_id": "P", "name": platform, **helper},
                    {"product_id": "S", "name": "SUSE Linux Enterprise Server 15 SP6"},
                    *({"product_id": name, "name": name} for name in names),
                ],
                "relationships": [
                    {
                        "product_reference": name,
                        "relates_to_product_reference": "P",
                        "full_product_name": {"product_id": f"P:{name}"},
                    }
                    for name in names
                ],
            },
            "vulnerabilities": [
                {"cve": CVE, "product_status": {"known_not_affected": ["S:other"], status: [identity]}}
            ],
        }
    )


def sles(debian: Make, version: str = "8.0-1", name: str = "curl", release: str = "15.6") -> dict[str, Any]:
    package = {
        "name": name,
        "version": f"0:{version}",
        "arch": "x86_64",
        "source": name,
        "source_version": version,
        "origin": VENDOR,
        "suite": None,
        "module": "",
    }
    os = {"id": "sles", "version_id": release, "codename": "", "support": {"status": "supported"}}
    return debian(package, os=os)


@pytest.mark.parametrize(
    ("status", "identity"),
    [
        ("fixed", "P:curl"),
        ("recommended", "P:curl"),
        ("fixed", "Q:curl-0:8.0-1.x86_64"),
        ("known_affected", "no such product"),
        ("fix_pending", "P:curl"),
        ("unknown", "P:curl-0:8.0-1.x86_64"),
    ],
)
def test_a_statement_of_csaf_that_cannot_be_applied_is_counted_and_unknown(
    feeds: Any, debian: Make, status: str, identity: str
) -> None:
    assert state_of(feeds, csaf(status, identity), sles(debian, "7.0-1"), "csaf") == "unknown"
    with AdvisoryDatabase.open(feeds.path) as opened:
        assert [one.unread for one in opened.sources()] == [1]


def test_a_product_whose_relation_is_missing_is_read_from_its_id(feeds: Any, debian: Make) -> None:
    text = csaf("fixed", "S:curl-0:8.0-1.x86_64")

    assert state_of(feeds, text, sles(debian, "7.0-1"), "csaf") == "missing"


@pytest.mark.parametrize(
    ("version", "state"), [("8.0-1", "not_affected"), ("7.0-1", "unknown"), ("9.0-1", "unknown")]
)
@pytest.mark.parametrize("kind", ["csaf", "openvex"])
def test_that_one_version_is_not_affected_says_nothing_of_others(
    feeds: Any, debian: Make, kind: str, version: str, state: str
) -> None:
    statement = {
        "vulnerability": {"name": CVE},
        "products": [{"@id": "pkg:rpm/suse/curl@8.0-1?arch=x86_64&distro=sles-15.6&epoch=0"}],
        "status": "not_affected",
    }
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "x",
        "timestamp": DAY,
        "statements": [statement],
    }
    text = json.dumps(vex) if kind == "openvex" else csaf("known_not_affected", "P:curl-0:8.0-1.x86_64")
    feeds.add("osv", osv(fixed("SUSE:Linux Enterprise Server 15 SP6", "unrelated", "1-1")), whole=True)
    feeds.add(kind, text)

    assert feeds.matcher().verdict(sles(debian, version), CVE)["state"] == state


@pytest.mark.parametrize(("version", "state"), [("8.0-1", "no_fix"), ("9.0-1", "unknown")])
def test_that_one_version_is_affected_says_nothing_of_newer_ones(
    feeds: Any, debian: Make, version: str, state: str
) -> None:
    text = csaf("known_affected", "P:curl-0:8.0-1.x86_64")

    assert state_of(feeds, text, sles(debian, version), "csaf") == state


@pytest.mark.parametrize(
    ("name", "cpe"),
    [
        ("SUSE Linux Enterprise Real Time 15 SP6", "cpe:/o:suse:sle_rt:15:sp6"),
        ("SUSE Linux Enterprise High Availability Extension 15 SP6", "cpe:/o:suse:sle-ha:15:sp6"),
        (
            "SUSE Linux Enterprise Module for Certifications 15 SP6",
            "cpe:/o:suse:sle-module-certifications:15:sp6",
        ),
        ("SUSE Linux Enterprise Server for SAP Applications 15 SP6", "cpe:/o:suse:sles_sap:15:sp6"),
        ("SUSE Linux Enterprise Real Time 15 SP6", ""),
        ("SUSE Linux Enterprise High Availability Extension 15 SP6", ""),
    ],
)
def test_extensions_of_suse_are_of_its_servers(feeds: Any, debian: Make, name: str, cpe: str) -> None:
    text = csaf("fixed", "P:curl-0:8.0-1.x86_64", name, cpe)

    assert state_of(feeds, text, sles(debian, "7.0-1"), "csaf") == "missing"


def test_releases_of_suse_from_16_on_are_known(feeds: Any, debian: Make) -> None:
    text = csaf(
        "fixed",
        "P:curl-0:8.0-1.x86_64",
        "SUSE Linux Enterprise Server 16.0",
        "cpe:/o:suse:sles:16:16.0:server",
    )

    assert state_of(feeds, text, sles(debian, "7.0-1", release="16.0"), "csaf") == "missing"


@pytest.mark.parametrize("name", ["SUSE Manager Server 5.0", "SUSE Linux Enterprise Something New 15 SP6"])
def test_an_unknown_product_of_suse_makes_its_packages_unknown(feeds: Any, debian: Make, name: str) -> None:
    text = csaf("fixed", "P:curl-0:8.0-1.x86_64", name)

    assert state_of(feeds, text, sles(debian, "7.0-1"), "csaf") == "unknown"


def test_the_code_ready_builder_is_of_red_hats_release(feeds: Any, debian: Make) -> None:
    text = csaf("fixed", "P:curl-0:8.0-1.x86_64", "Red Hat CodeReady Linux Builder (v. 9)")
    host = sles(debian, "7.0-1")
    host["packages"][0]["origin"] = "Red Hat, Inc."
    host["os"] = {"id": "rhel", "version_id": "9.4", "codename": "", "support": {"status": "supported"}}

    assert state_of(feeds, text, host, "csaf") == "missing"
