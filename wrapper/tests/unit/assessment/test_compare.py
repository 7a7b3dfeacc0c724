# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops compare`: scanners beside us."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Patchops = Callable[..., Result]
NESSUS = """\
Host,Name,Risk,CVE
10.0.0.1,OpenSSL,High,CVE-2026-9001
10.0.0.1,Something,High,CVE-2026-9009
web2,OpenSSL,High,CVE-2026-9001
stranger,OpenSSL,High,CVE-2026-9001
"""
INVENTORY = "web1 ansible_host=10.0.0.1\nweb2\nnew\n"


def trivy(artifact: str, *cves: str) -> str:
    found = [{"VulnerabilityID": cve, "PkgName": "libssl3", "Severity": "HIGH"} for cve in cves]
    return json.dumps({"ArtifactName": artifact, "Results": [{"Target": "os", "Vulnerabilities": found}]})


@pytest.fixture
def compared(patchops: Patchops, tmp_path: Path) -> dict[str, Any]:
    """Nessus' view of two of three hosts, and of one that is not ours."""
    (tmp_path / "nessus.csv").write_text(NESSUS, encoding="utf-8")
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    given = ("--scanner", f"nessus:{tmp_path / 'nessus.csv'}", "-i", tmp_path / "hosts")
    answer: dict[str, Any] = json.loads(patchops("compare", *given, "--json").stdout)
    return answer


def test_every_cve_says_who_sees_it_and_why_we_say_what_we_say(compared: dict[str, Any]) -> None:
    rows = {
        (row["host"], row["cve"]): (row["agreement"], row["state"], row["reasons"][0]["code"])
        for row in compared["rows"]
    }
    assert rows == {
        ("web1", "CVE-2026-9001"): ("both", "missing", "older_than_fix"),
        ("web1", "CVE-2026-9009"): ("scanner_only", "unknown", "cve_not_in_feeds"),
        ("web2", "CVE-2026-9001"): ("scanner_only", "installed", "fix_installed"),
    }
    assert compared["totals"] == {"both": 1, "scanner_only": 2, "ours_only": 0}


def test_hosts_that_only_one_side_knows_are_named(compared: dict[str, Any]) -> None:
    assert compared["not_in_scan"] == ["new"]
    assert compared["not_ours"] == [{"names": ["stranger"], "findings": 1}]


def test_the_scan_of_one_image_is_joined_with_one_inventory_file(
    patchops: Patchops, dpkg_status: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "trivy.json").write_text(trivy("registry/app:1", "CVE-2026-9001"), encoding="utf-8")
    given = ("--scanner", f"trivy:{tmp_path / 'trivy.json'}", *dpkg_status)

    rows = json.loads(patchops("compare", *given, "--query", "rows[].[cve, agreement]").stdout)
    ours = json.loads(patchops("compare", *given, "--only", "ours_only", "--query", "rows[].cve").stdout)

    assert rows == [["CVE-2026-9001", "both"], ["CVE-2026-9002", "ours_only"]]
    assert ours == ["CVE-2026-9002"]


def test_a_host_that_was_never_scanned_by_us_can_not_be_known(patchops: Patchops, tmp_path: Path) -> None:
    (tmp_path / "trivy.json").write_text(trivy("new", "CVE-2026-9001"), encoding="utf-8")
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    given = ("--scanner", f"trivy:{tmp_path / 'trivy.json'}", "-i", tmp_path / "hosts")

    [row] = json.loads(patchops("compare", *given, "--query", "rows").stdout)

    assert (row["host"], row["state"], row["reasons"][0]["code"]) == ("new", "unknown", "not_scanned")


def test_a_comparison_is_a_table_on_the_terminal(patchops: Patchops, tmp_path: Path) -> None:
    (tmp_path / "nessus.csv").write_text(NESSUS, encoding="utf-8")
    printed = patchops("compare", "--scanner", f"nessus:{tmp_path / 'nessus.csv'}").stdout
    assert printed.splitlines()[0] == "0 seen by both, 1 by the scanner only, 0 by us only"
    assert "No host of ours: 10.0.0.1, stranger" in printed
    assert "Not in the scan: web1" in printed


@pytest.mark.parametrize(
    ("scan", "message"),
    [
        ("nikto:x.json", "--scanner 'nikto:x.json' is not understood."),
        ("trivy", "--scanner 'trivy' is not understood."),
        ("trivy:/nonexistent", "/nonexistent: can't be read: No such file or directory."),
        ("trivy:/dev/null", "/dev/null: not valid JSON"),
        ("nessus:/dev/zero", "/dev/zero: line 1: longer than 4194304 bytes."),
    ],
)
def test_a_scan_that_can_not_be_used_is_bad_input(patchops: Patchops, scan: str, message: str) -> None:
    result = patchops("compare", "--scanner", scan)
    assert (result.exit_code, message in result.stderr) == (2, True)
