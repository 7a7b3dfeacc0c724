# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings in the formats of others."""

from __future__ import annotations

import copy
import csv
import io
from datetime import date
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.openvex import from_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope
from patchops.exports.cyclonedx import cyclonedx_document
from patchops.exports.openvex import openvex_document
from patchops.exports.table import findings_csv

HOST: dict[str, Any] = {
    "host": "web1",
    "os": {"id": "debian", "version_id": "12", "name": "Debian GNU/Linux", "arch": "amd64"},
    "package_manager": {"name": "apt"},
    "packages": [
        {"name": "libssl3", "version": "3.0.1", "arch": "amd64", "source": "openssl", "origin": "Debian"},
        {"name": "bash", "version": "5.2", "arch": "amd64"},
    ],
}
_FINDING: dict[str, Any] = {
    "host": "web1",
    "rank": 1,
    "urgency_group": "overdue and exploited",
    "advisory": "DSA-1-1",
    "cves": ["CVE-2026-1000", "CVE-2026-1001"],
    "package": "openssl",
    "binaries": [{"name": "libssl3", "arch": "amd64", "version": "3.0.1"}],
    "installed": "3.0.1",
    "fixed": "3.0.2",
    "candidate": "3.0.2",
    "state": "missing",
    "no_fix": None,
    "effective": None,
    "severity": "high",
    "title": "openssl -- security update",
    "issued": "2026-06-01",
    "url": None,
    "source": "debian-dsa",
    "kev": {"cve": "CVE-2026-1000", "date_added": "2026-06-05"},
    "epss": 0.5,
    "cvss": 9.8,
    "due": "2026-06-19",
    "overdue_days": 3,
    "urgency": {"rule": "CISA BOD 26-04", "timeline": "row 1: 14 days", "clock_start": "2026-06-05"},
    "reasons": [{"code": "older_than_fix", "message": "3.0.1 is older than 3.0.2"}],
}


def finding(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(_FINDING), **changes}


NOW = "2026-06-22T00:00:00Z"
LIBSSL = "pkg:deb/debian/libssl3@3.0.1?arch=amd64&distro=debian-12&upstream=openssl%403.0.1"
WAIVER = Waiver(
    id="W1",
    state="waived",
    owner="ann",
    approver="bob",
    reason="frozen",
    control="proxy",
    scope=Scope(packages=("openssl",)),
    granted=date(2026, 6, 1),
    until=date(2026, 7, 1),
)


def openvex(*findings: dict[str, Any], waivers: tuple[Waiver, ...] = ()) -> dict[str, Any]:
    return openvex_document(findings, {HostKey("", "web1"): HOST}, waivers, "Example", NOW)


def test_csv_has_one_line_a_finding_with_its_rule_and_clock() -> None:
    [row] = csv.DictReader(io.StringIO(findings_csv([finding()])))
    assert (row["host"], row["cves"], row["due"]) == ("web1", "CVE-2026-1000 CVE-2026-1001", "2026-06-19")
    assert (row["rule"], row["clock_start"], row["kev"]) == ("CISA BOD 26-04", "2026-06-05", "CVE-2026-1000")


def test_csv_says_the_inventory_of_each_host() -> None:
    [row] = csv.DictReader(io.StringIO(findings_csv([finding(inventory="prod")])))
    assert row["inventory"] == "prod"


def test_openvex_tells_hosts_of_one_name_apart() -> None:
    [statement] = openvex(
        finding(cves=["CVE-2026-1000"], inventory="prod"),
        finding(cves=["CVE-2026-1000"], inventory="staging"),
    )["statements"]
    assert [product["@id"] for product in statement["products"]] == [
        "urn:patchops:host:web1%40prod",
        "urn:patchops:host:web1%40staging",
    ]


def test_equal_packages_of_two_hosts_with_one_name_are_two_cyclonedx_documents() -> None:
    prod, staging = (
        cyclonedx_document({**HOST, "inventory": inventory}, None, NOW) for inventory in ("prod", "staging")
    )
    assert prod["serialNumber"] != staging["serialNumber"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    [row] = csv.DictReader(io.StringIO(findings_csv([finding(package=start + "cmd")])))
    assert row["package"] == "'" + start + "cmd"


def test_a_missing_fix_is_affected_in_openvex_and_says_what_to_do() -> None:
    statements = openvex(finding())["statements"]
    assert [statement["vulnerability"]["name"] for statement in statements] == [
        "CVE-2026-1000",
        "CVE-2026-1001",
    ]
    assert statements[0]["status"] == "affected"
    assert statements[0]["action_statement"] == "Update openssl to 3.0.2 by 2026-06-19"
    assert statements[0]["products"] == [
        {
            "@id": "urn:patchops:host:web1",
            "subcomponents": [{"@id": "pkg:deb/debian/openssl@3.0.1?distro=debian-12"}],
        }
    ]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "unknown"}, "under_investigation"),
        ({"state": "installed", "effective": "yes"}, "fixed"),
        ({"state": "installed", "effective": "no"}, "affected"),
        ({"state": "installed", "effective": "unknown"}, "affected"),
        ({"state": "no_fix", "no_fix": "deferred"}, "affected"),
    ],
)
def test_openvex_never_calls_a_finding_not_affected(changes: dict[str, Any], status: str) -> None:
    assert {statement["status"] for statement in openvex(finding(**changes))["statements"]} == {status}


def test_hosts_with_the_same_answer_share_a_statement() -> None:
    statements = openvex(finding(), finding(host="web2"))["statements"]
    assert [len(statement["products"]) for statement in statements] == [2, 2]


def test_a_waiver_goes_into_openvex_and_comes_back() -> None:
    document = openvex(finding(state="waived", waivers=["W1"]), waivers=(WAIVER,))
    assert from_document(document) == ([WAIVER], [])


def test_equal_findings_make_an_equal_openvex_document() -> None:
    assert openvex(finding()) == openvex(finding())


def test_a_cyclonedx_sbom_has_every_package_and_no_vulnerabilities() -> None:
    document = cyclonedx_document(HOST, None, NOW)
    assert [component["name"] for component in document["components"]] == ["libssl3", "bash"]
    assert document["components"][0]["purl"] == LIBSSL
    assert "vulnerabilities" not in document


def test_a_cyclonedx_vdr_joins_vulnerabilities_to_components() -> None:
    found = cyclonedx_document(HOST, [finding()], NOW)["vulnerabilities"]
    assert [vulnerability["id"] for vulnerability in found] == ["CVE-2026-1000", "CVE-2026-1001"]
    assert found[0]["affects"] == [{"ref": LIBSSL}]
    assert found[0]["recommendation"] == "Update openssl to 3.0.2"
    assert found[0]["ratings"] == [{"severity": "high", "method": "other", "score": 9.8}]


@pytest.mark.parametrize(
    ("changes", "state", "response"),
    [
        ({}, "exploitable", ["update"]),
        ({"state": "unknown"}, "in_triage", None),
        ({"state": "no_fix"}, "exploitable", ["can_not_fix"]),
        ({"state": "waived"}, "exploitable", ["will_not_fix"]),
        ({"state": "mitigated"}, "exploitable", ["workaround_available"]),
        ({"state": "installed", "effective": "yes"}, "resolved", None),
        ({"state": "installed", "effective": "no"}, "exploitable", ["update"]),
    ],
)
def test_the_state_of_a_finding_as_cyclonedx_says_it(
    changes: dict[str, Any], state: str, response: list[str] | None
) -> None:
    found = cyclonedx_document(HOST, [finding(**changes)], NOW)["vulnerabilities"][0]["analysis"]
    assert (found["state"], found.get("response")) == (state, response)


def test_equal_content_makes_an_equal_serial_number() -> None:
    one, other = cyclonedx_document(HOST, [finding()], NOW), cyclonedx_document(HOST, [finding()], "later")
    assert one["serialNumber"] == other["serialNumber"]
    assert one["serialNumber"] != cyclonedx_document(HOST, None, NOW)["serialNumber"]
