# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops policy`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import Result

Patchops = Callable[..., Result]
TODAY = datetime.now(timezone.utc).date()
HEAD = "kind: patchops.policy\nschema: 1\n"
NOT_AFFECTED = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.org/vex/1",
    "author": "Example",
    "statements": [
        {
            "vulnerability": {"name": "CVE-2026-9001"},
            "products": [{"@id": "pkg:deb/debian/openssl@3.0.1-1"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        },
        {"vulnerability": {"name": "CVE-2026-9002"}, "products": [], "status": "under_investigation"},
    ],
}


@pytest.fixture
def vex(tmp_path: Path) -> Path:
    path = tmp_path / "vex.json"
    path.write_text(json.dumps(NOT_AFFECTED), encoding="utf-8")
    return path


def test_a_good_policy_is_summed_up(patchops: Patchops, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(HEAD + "urgency: {rules: [{preset: cisa_bod_22_01}]}\n", encoding="utf-8")
    printed = patchops("policy", "check", path).stdout
    assert "1 rules, 0 waivers, 0 acts" in printed
    assert "CISA BOD 22-01 (revoked by CISA BOD 26-04 on 2026-06-10)" in printed


def test_a_wrong_policy_names_line_place_and_remedy(patchops: Patchops, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(HEAD + "urgency: {rules: [{preset: pci}]}\n", encoding="utf-8")
    result = patchops("policy", "check", path)
    assert result.exit_code == 2
    assert "policy.yml:3: urgency.rules[0].preset" in result.stderr


def test_the_schema_is_printed_for_editors(patchops: Patchops) -> None:
    assert json.loads(patchops("policy", "schema").stdout)["title"] == "PatchOps policy"


def test_a_foreign_statement_becomes_a_policy_that_accepts_the_finding(
    patchops: Patchops, vex: Path, tmp_path: Path
) -> None:
    until = TODAY + timedelta(days=30)
    result = patchops("policy", "from-vex", vex, "--owner", "ann", "--approver", "bob", "--until", until)
    assert "statements[1]: status 'under_investigation' accepts nothing" in result.stderr
    policy = tmp_path / "policy.yml"
    policy.write_text(HEAD + result.stdout, encoding="utf-8")
    [found] = json.loads(patchops("assess", "--policy", policy, "--json").stdout)["findings"]
    assert found["state"] == "mitigated"


def test_a_foreign_statement_needs_somebody_who_answers_for_it(patchops: Patchops, vex: Path) -> None:
    result = patchops("policy", "from-vex", vex)
    assert (result.exit_code, "name owner, approver and until" in result.stderr) == (2, True)
