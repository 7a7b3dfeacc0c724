# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops assess` on scanned hosts and on inventory files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import Result

from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import json_schema
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore, host_document_key

Patchops = Callable[..., Result]
TODAY = datetime.now(timezone.utc).date()


def findings(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return found


def test_an_inventory_file_is_assessed(patchops: Patchops, dpkg_status: list[str | Path]) -> None:
    found = findings(patchops("assess", *dpkg_status, "--host", "old", "--json"))
    openssl = next(finding for finding in found if finding["package"] == "openssl")
    assert (openssl["host"], openssl["advisory"], openssl["state"]) == ("old", "DSA-9001-1", "missing")
    assert (openssl["installed"], openssl["fixed"]) == ("3.0.1-1", "3.0.2-1")
    assert openssl["due"] == (TODAY - timedelta(days=27)).isoformat()
    assert "a forensic investigation is demanded for CVE-2026-9001" in openssl["reasons"][-1]["message"]


def test_every_finding_carries_what_readers_rely_on(
    patchops: Patchops, dpkg_status: list[str | Path]
) -> None:
    keys = {"host", "advisory", "cves", "package", "installed", "fixed", "state", "due", "reasons"}
    assert all(keys <= set(found) for found in findings(patchops("assess", *dpkg_status, "--json")))


def test_an_inventory_file_leaves_no_memory(
    patchops: Patchops, dpkg_status: list[str | Path], data: Path
) -> None:
    assert patchops("assess", *dpkg_status).exit_code == 0
    assert not (data / "ledger.sqlite3").exists()


def test_the_exposure_of_an_inventory_file_can_be_said(
    patchops: Patchops, dpkg_status: list[str | Path]
) -> None:
    found = findings(patchops("assess", *dpkg_status, "--exposure", "internal", "--json"))
    bash = next(finding for finding in found if finding["package"] == "bash")
    assert bash["urgency"]["inputs"]["exposed"] == "no"


def test_scanned_hosts_are_assessed_and_the_answer_is_kept(patchops: Patchops) -> None:
    result = patchops("assess", "--json")
    document = json.loads(result.stdout)
    assert {row["host"]: row["status"] for row in document["hosts"]} == {
        "web1": "not_compliant",
        "web2": "compliant",
    }
    assert [found["advisory"] for found in findings(patchops("findings", "--json"))] == ["DSA-9001-1"]


def test_the_documents_are_what_their_schema_says(patchops: Patchops) -> None:
    document = json.loads(patchops("assess", "--include-installed", "--json").stdout)
    validator = jsonschema.Draft202012Validator(json_schema("patchops.findings"))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_most_urgent_finding_is_explained_on_the_terminal(patchops: Patchops) -> None:
    printed = patchops("assess").stdout
    assert "2 hosts: 1 compliant, 0 accepted, 1 not compliant, 0 can't be known" in printed
    assert "overdue and exploited: CISA BOD 26-04, row 14: 3 days" in printed


def test_summaries_say_how_old_the_facts_on_exploitation_are(patchops: Patchops) -> None:
    said = "Facts on exploitation: KEV of "
    for printed in (patchops("assess").stdout, patchops("findings").stdout):
        assert said in printed
        assert "(0 days old), EPSS not imported, SSVC not imported" in printed


def test_coverage_says_what_no_feed_covers_and_whether_kev_is_current(patchops: Patchops, data: Path) -> None:
    store = DirectoryStore(data / "documents")
    document = store.read(host_document_key(HostKey("", "web2")))
    assert document is not None
    foreign = {**document["packages"][0], "name": "docker-ce", "source": "docker-ce", "origin": "Docker"}
    store.write(
        host_document_key(HostKey("", "web2")), {**document, "packages": [*document["packages"], foreign]}
    )
    printed = patchops("assess").stdout
    assert "2 hosts: 0 compliant, 1 compliant as far as judged, 0 accepted, 1 not compliant" in printed
    assert "No feed judges packages of Docker (on 1)" in printed
    assert patchops("assess", "--fail-on", "uncovered").exit_code == 4

    answer = json.loads(patchops("coverage", "--json").stdout)
    assert answer["kev_is_current"] is True
    assert answer["uncovered"] == [
        {"origin": "Docker", "package": "docker-ce", "hosts": ["web2"], "accepted": None}
    ]
    assert patchops("coverage", "--fail-on", "kev").exit_code == 0
    assert patchops("coverage", "--fail-on", "uncovered").exit_code == 4
    assert patchops("coverage", "--host", "web1", "--fail-on", "uncovered").exit_code == 0
    printed = patchops("coverage").stdout
    assert "KEV is current" in printed
    assert "1 of 2" in printed


def test_hosts_of_an_inventory_that_were_never_scanned_are_unknown(
    patchops: Patchops, tmp_path: Path
) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {hosts: {web2: {patchops_exposure: internal}, new: {}}}\n", encoding="utf-8")
    document = json.loads(patchops("assess", "-i", inventory, "--json").stdout)
    assert {row["host"]: (row["status"], row["exposed"]) for row in document["hosts"]} == {
        "new": ("unknown", None),
        "web2": ("compliant", False),
    }


def test_a_query_prints_a_part_of_the_document(patchops: Patchops) -> None:
    assert json.loads(patchops("assess", "--query", "totals.exploited").stdout) == 1


def test_the_approved_patch_set_is_written(patchops: Patchops, tmp_path: Path, data: Path) -> None:
    assert patchops("assess", "--patch-set", tmp_path / "set.json").exit_code == 0
    document = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    assert document["platforms"]["debian-12-amd64"]["packages"][0]["name"] == "libssl3"
    assert (data / "documents" / "patch_sets" / f"{document['id']}.json").exists()


@pytest.mark.parametrize(("condition", "code"), [("missing", 4), ("overdue", 4), ("unknown", 0)])
def test_a_condition_can_fail_the_command(patchops: Patchops, condition: str, code: int) -> None:
    assert patchops("assess", "--fail-on", condition).exit_code == code


def test_a_waiver_of_the_policy_accepts_the_finding(patchops: Patchops, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text(
        f"""
kind: patchops.policy
schema: 1
waivers:
  entries:
    - {{id: W1, owner: ann, approver: bob, reason: frozen, control: proxy,
       scope: {{cves: [CVE-2026-9001]}}, granted: {TODAY}, until: {TODAY + timedelta(days=30)}}}
""",
        encoding="utf-8",
    )
    [found] = findings(patchops("assess", "--policy", policy, "--json"))
    assert (found["state"], found["waivers"]) == ("waived", ["W1"])


def test_a_due_date_is_remembered(patchops: Patchops, tmp_path: Path, data: Path) -> None:
    lax = tmp_path / "lax.yml"
    lax.write_text(
        "kind: patchops.policy\nschema: 1\nurgency:\n  rules:\n    - {name: lax, within: {low: 12 months}}\n",
        encoding="utf-8",
    )
    [before] = findings(patchops("assess", "--json"))
    [after] = findings(patchops("assess", "--policy", lax, "--json"))
    [alone] = findings(patchops("assess", "--policy", lax, "--no-ledger", "--json"))
    assert before["due"] == after["due"]
    assert alone["due"] > before["due"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--db", "/none.sqlite3"], "/none.sqlite3: there is no advisory database"),
        (["--limit", "web"], "--limit needs an inventory"),
        (["--os-release", __file__], "--os-release belongs to an inventory file"),
        (["--query", "["], "--query is no JMESPath"),
        (["-i", "/none.yml"], "The inventory /none.yml does not exist"),
        (["--dpkg-status", __file__], "test_assess.py"),
        (["--sbom", __file__], "test_assess.py: not valid JSON"),
        (["--sbom", "/dev/zero"], "/dev/zero: larger than 67108864 bytes; refused"),
        (["--policy", __file__], "test_assess.py"),
    ],
)
def test_bad_input_is_refused_with_what_is_wrong(
    patchops: Patchops, arguments: list[str], message: str
) -> None:
    result = patchops("assess", *arguments)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
