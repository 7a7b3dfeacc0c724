# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops findings`, `cve` and `export`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Patchops = Callable[..., Result]


@pytest.fixture
def assessed(patchops: Patchops, dpkg_status: list[str | Path], tmp_path: Path) -> Path:
    """A findings document with two findings of one host."""
    path = tmp_path / "findings.json"
    path.write_text(patchops("assess", *dpkg_status, "--host", "old", "--json").stdout, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("filters", "advisories"),
    [
        (["--package", "openssl"], ["DSA-9001-1"]),
        (["--package", "libssl*"], ["DSA-9001-1"]),
        (["--cve", "cve-2026-9002"], ["DSA-9002-1"]),
        (["--advisory", "DSA-900?-1"], ["DSA-9001-1", "DSA-9002-1"]),
        (["--exploited"], ["DSA-9001-1"]),
        (["--overdue"], ["DSA-9001-1"]),
        (["--state", "unknown"], [None]),
        (["--host", "other"], []),
        (["--package", "bash", "--package", "openssl"], ["DSA-9001-1", "DSA-9002-1"]),
        (["--package", "bash", "--exploited"], []),
        (["--due-before", "2000-01-01"], []),
    ],
)
def test_findings_are_filtered(
    patchops: Patchops, assessed: Path, filters: list[str], advisories: list[str | None]
) -> None:
    found = json.loads(patchops("findings", "--from", assessed, *filters, "--json").stdout)["findings"]
    assert [finding["advisory"] for finding in found] == advisories


def test_findings_are_a_table_on_the_terminal(patchops: Patchops, assessed: Path) -> None:
    printed = patchops("findings", "--from", assessed, "--package", "bash").stdout
    assert "DSA-9002-1" in printed
    assert "1 of 3 findings of" in printed


def test_findings_are_csv_on_demand(patchops: Patchops, assessed: Path) -> None:
    printed = patchops("findings", "--from", assessed, "--csv").stdout
    assert printed.splitlines()[0].startswith("rank,urgency_group,host,state")
    assert len(printed.splitlines()) == 4


def test_without_an_assessment_there_is_nothing_to_show(patchops: Patchops) -> None:
    result = patchops("findings")
    assert (result.exit_code, "Run `patchops assess` first." in result.stderr) == (2, True)


def test_a_cve_says_who_has_it_who_is_fixed_and_who_can_not_be_known(
    patchops: Patchops, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("web1\nweb2\nnew\n", encoding="utf-8")
    answer = json.loads(patchops("cve", "CVE-2026-9001", "-i", tmp_path / "hosts", "--json").stdout)
    assert (answer["has_it"], answer["fixed"], answer["unknown"]) == (["web1"], ["web2"], ["new"])


def test_a_cve_is_answered_in_words(patchops: Patchops) -> None:
    printed = patchops("cve", "cve-2026-9001").stdout
    assert "1 have it" in printed
    assert "1 are fixed" in printed


def test_a_cve_that_no_feed_names_can_not_be_known(patchops: Patchops) -> None:
    answer = json.loads(patchops("cve", "CVE-2026-77777", "--json").stdout)
    assert (answer["unknown"], answer["not_affected"]) == (["web1", "web2"], [])


def test_what_is_no_cve_is_refused(patchops: Patchops) -> None:
    result = patchops("cve", "heartbleed")
    assert (result.exit_code, "is no CVE id" in result.stderr) == (2, True)


def test_a_host_is_exported_as_cyclonedx(patchops: Patchops) -> None:
    patchops("assess")
    document = json.loads(patchops("export", "cyclonedx-vdr", "--host", "web1").stdout)
    assert [found["id"] for found in document["vulnerabilities"]] == ["CVE-2026-9001"]
    assert document["vulnerabilities"][0]["affects"][0]["ref"] == document["components"][0]["bom-ref"]
    assert "vulnerabilities" not in json.loads(patchops("export", "cyclonedx-sbom", "--host", "web1").stdout)


def test_cyclonedx_wants_one_host(patchops: Patchops) -> None:
    patchops("assess")
    result = patchops("export", "cyclonedx-vdr")
    assert (result.exit_code, "Name one with --host." in result.stderr) == (2, True)


def test_a_fleet_is_exported_as_openvex(patchops: Patchops, tmp_path: Path) -> None:
    patchops("assess")
    assert patchops("export", "openvex", "-o", tmp_path / "vex.json").exit_code == 0
    document = json.loads((tmp_path / "vex.json").read_text(encoding="utf-8"))
    assert document["statements"][0]["products"][0]["@id"] == "urn:patchops:host:web1"


def test_an_exported_sbom_can_be_assessed(patchops: Patchops, tmp_path: Path) -> None:
    patchops("assess")
    patchops("export", "cyclonedx-sbom", "--host", "web1", "-o", tmp_path / "sbom.json")
    found = json.loads(patchops("assess", "--sbom", tmp_path / "sbom.json", "--json").stdout)["findings"]
    assert "DSA-9001-1" in [finding["advisory"] for finding in found]


def test_an_sbom_of_tags_is_read_by_the_command_too(patchops: Patchops, tmp_path: Path) -> None:
    sbom = tmp_path / "sbom.spdx"
    purl = "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12"
    sbom.write_text(
        f"SPDXVersion: SPDX-2.2\nPackageName: openssl\nExternalRef: PACKAGE-MANAGER purl {purl}\n", "utf-8"
    )
    found = json.loads(patchops("assess", "--sbom", sbom, "--json").stdout)
    assert [host["host"] for host in found["hosts"]] == ["sbom.spdx"]
