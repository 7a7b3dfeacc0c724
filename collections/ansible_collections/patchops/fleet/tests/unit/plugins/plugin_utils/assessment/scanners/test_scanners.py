# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners import read_scan, shortfall
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.join import join, of_host
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding

TRIVY = {
    "SchemaVersion": 2,
    "ArtifactName": "web1",
    "Results": [
        {
            "Target": "web1 (debian 12)",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2026-1001",
                    "PkgName": "curl",
                    "InstalledVersion": "7.88.1-10",
                    "FixedVersion": "7.88.1-10+deb12u8",
                    "Severity": "HIGH",
                    "Title": "curl: overflow",
                    "Status": "fixed",
                },
                {"VulnerabilityID": "TEMP-1", "PkgName": "curl"},
            ],
        }
    ],
}
NESSUS = """\
Plugin ID,CVE,Risk,Host,Name,Description
1,"CVE-2026-1001,CVE-2026-1002",Critical,WEB1,curl,"two
lines"
2,,None,WEB1,ping,
"""


def write(folder: Path, text: str) -> Path:
    (folder / "scan").write_text(text)
    return folder / "scan"


def test_trivys_findings_carry_package_and_versions(tmp_path: Path) -> None:
    assert read_scan("trivy", write(tmp_path, json.dumps(TRIVY))) == [
        ScannerFinding(
            "trivy",
            ("web1",),
            "CVE-2026-1001",
            "curl",
            "7.88.1-10",
            "7.88.1-10+deb12u8",
            "high",
            "curl: overflow",
        )
    ]


def test_nessus_gives_a_finding_for_each_cve_of_a_row(tmp_path: Path) -> None:
    assert read_scan("nessus", write(tmp_path, NESSUS)) == [
        ScannerFinding("nessus", ("web1",), cve, severity="critical", title="curl")
        for cve in ("CVE-2026-1001", "CVE-2026-1002")
    ]


@pytest.mark.parametrize(
    ("scanner", "text", "message"),
    [
        ("trivy", "{}", "Results: is missing; this is no report of Trivy"),
        ("trivy", '[{"Vulnerabilities": [{"VulnerabilityID": 1}]}]', "VulnerabilityID: expected text"),
        ("nessus", "a,b\n", "line 1: has no columns CVE and Host; this is no export of Nessus"),
        ("nessus", 'CVE,Host\n"', "line 1: not valid CSV"),
        (
            "nikto",
            "",
            "unknown scanner 'nikto'; known: grype, nessus, nessus-xml, openvas, qualys, trivy, wazuh",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, scanner: str, text: str, message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read_scan(scanner, write(tmp_path, text))


def test_findings_are_those_of_a_host_by_any_of_its_names() -> None:
    found = [
        ScannerFinding("nessus", ("web1", "10.1.1.1"), "CVE-1"),
        ScannerFinding("nessus", ("db1",), "CVE-2"),
    ]

    assert of_host(found, "WEB1") == found[:1]
    assert of_host(found, "10.1.1.1", "other") == found[:1]


STATES = {"CVE-2026-1001": "missing", "CVE-2026-1002": "installed", "CVE-2026-1003": "missing"}


class Verdicts:
    """Stands in for the matcher: one open CVE, one that a backport fixed, one that nobody knows."""

    def assess(self, _document: Any) -> dict[str, Any]:
        return {"findings": [{"state": "missing", "cves": ["CVE-2026-1001", "CVE-2026-1003"]}]}

    def verdict(self, _document: Any, cve: str) -> dict[str, Any]:
        state = STATES.get(cve, "unknown")
        findings = [{"package": "curl"}] if state != "unknown" else []
        return {"state": state, "effective": None, "findings": findings, "reasons": [{"code": state}]}


def test_a_scanners_findings_are_joined_with_ours_and_what_only_one_says_is_explained() -> None:
    found = [
        ScannerFinding("trivy", ("web1",), "CVE-2026-1001", "curl"),
        ScannerFinding("nessus", ("web1",), "CVE-2026-1001"),
        ScannerFinding("nessus", ("web1",), "CVE-2026-1002"),
        ScannerFinding("nessus", ("web1",), "CVE-2026-1009"),
        ScannerFinding("trivy", ("web1",), "CVE-2026-1010", resolved=True),
    ]

    rows = join(Verdicts(), {}, found)  # type: ignore[arg-type]

    assert [(row["cve"], row["agreement"], row["state"], row["scanners"]) for row in rows] == [
        ("CVE-2026-1001", "both", "missing", ["nessus", "trivy"]),
        ("CVE-2026-1002", "scanner_only", "installed", ["nessus"]),
        ("CVE-2026-1003", "ours_only", "missing", []),
        ("CVE-2026-1009", "scanner_only", "unknown", ["nessus"]),
    ]
    assert rows[0]["packages"] == ["curl"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("scanner", "path", "count"),
    [
        ("trivy", "trivy/all_statuses.json", 7),
        ("trivy", "trivy/scheme_2_many_vulns.json", 5),
        ("nessus", "nessus/nessus_many_vuln.csv", 3),
    ],
)
def test_real_exports_are_read(shared_data: Path, scanner: str, path: str, count: int) -> None:
    found = read_scan(scanner, shared_data / "scanners" / path)

    assert len(found) == count
    assert all(one.hosts and one.cve.startswith("CVE-") for one in found)


SAMPLES = {
    "grype": json.dumps(
        {
            "source": {"type": "image", "target": {"userInput": "web1"}},
            "matches": [
                {
                    "vulnerability": {
                        "id": "GHSA-xxxx",
                        "severity": "High",
                        "fix": {"versions": ["1.2.3"], "state": "fixed"},
                    },
                    "relatedVulnerabilities": [{"id": "CVE-2026-1001"}],
                    "artifact": {"name": "curl", "version": "1.2.2"},
                }
            ],
        }
    ),
    "wazuh": json.dumps(
        {
            "hits": {
                "total": {"value": 1, "relation": "eq"},
                "hits": [
                    {
                        "_source": {
                            "agent": {"name": "WEB1"},
                            "package": {"name": "curl", "version": "1.2.2"},
                            "vulnerability": {"id": "CVE-2026-1001", "severity": "High"},
                        }
                    }
                ],
            }
        }
    ),
    "qualys": (
        '"A report","04 Feb 2026"\n"CVE","Title","Severity","Status","Asset Name","Disabled"\n'
        '"CVE-2026-1001","curl","3","ACTIVE","WEB1","No"\n'
    ),
    "openvas": (
        "<report><results><result><name>curl</name><host>WEB1<hostname>web1</hostname></host>"
        '<nvt oid="1"><refs><ref type="cve" id="CVE-2026-1001"/></refs></nvt><threat>High</threat>'
        "</result></results></report>"
    ),
    "nessus-xml": (
        '<NessusClientData_v2><Report><ReportHost name="10.0.0.1"><HostProperties>'
        '<tag name="host-fqdn">WEB1</tag></HostProperties>'
        '<ReportItem severity="3" pluginName="curl"><cve>CVE-2026-1001</cve></ReportItem>'
        "</ReportHost></Report></NessusClientData_v2>"
    ),
}


@pytest.mark.parametrize("scanner", SAMPLES)
def test_each_scanner_gives_the_cve_its_host_and_its_severity(tmp_path: Path, scanner: str) -> None:
    [found] = read_scan(scanner, write(tmp_path, SAMPLES[scanner]))

    assert "web1" in found.hosts
    assert (found.cve, found.severity, found.resolved) == ("CVE-2026-1001", "high", False)


@pytest.mark.parametrize(
    ("scanner", "text"),
    [
        ("grype", "{}"),
        ("wazuh", '{"hits": []}'),
        ("qualys", '"CVE"\n'),
        ("openvas", "<report/>"),
        ("nessus-xml", "<NessusClientData_v2/>"),
        ("openvas", "<report><results>"),
    ],
)
def test_what_is_no_whole_export_of_the_scanner_is_refused(tmp_path: Path, scanner: str, text: str) -> None:
    with pytest.raises(FeedError):
        read_scan(scanner, write(tmp_path, text))


@pytest.mark.parametrize("closed", ['"FIXED","WEB1","No"', '"ACTIVE","WEB1","Yes"'])
def test_what_qualys_calls_fixed_or_disabled_is_resolved(tmp_path: Path, closed: str) -> None:
    text = SAMPLES["qualys"].replace('"ACTIVE","WEB1","No"', closed)

    assert [one.resolved for one in read_scan("qualys", write(tmp_path, text))] == [True]


def test_a_page_of_a_search_says_that_it_is_one(tmp_path: Path) -> None:
    page = SAMPLES["wazuh"].replace('"value": 1', '"value": 125')

    assert shortfall("wazuh", write(tmp_path, SAMPLES["wazuh"])) == ""
    assert shortfall("wazuh", write(tmp_path, page)) == (
        "has 1 of the 125 findings of the search; export all"
    )
