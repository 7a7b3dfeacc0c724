# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops plan` on an inventory that Ansible reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from patchops.cli import main

from .rollout_policy import POLICY, write_site
from .test_check import INVENTORY


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHOPS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")


def plan(folder: Path, *arguments: str, policy: str = POLICY) -> Result:
    path = write_site(folder, policy)
    (folder / "inventories/prod.yml").write_text(INVENTORY, encoding="utf-8")
    return CliRunner().invoke(main, ["plan", *arguments, "--policy", str(path)])


def test_a_plan_says_who_is_patched_when_and_who_is_not(tmp_path: Path) -> None:
    answer = plan(tmp_path, "monthly", "--at", "2027-02-01T20:00")
    assert answer.exit_code == 0, answer.output
    assert "starts Mon 2027-02-01 20:00 CET (by hand)" in answer.output
    assert "nothing begins after Mon 2027-02-15 20:00 CET, 14d later" in answer.output
    assert "tried, counted once touched: e3 (patchops_intermittent is set)" in answer.output


def test_a_simulated_plan_gives_each_ring_its_end(tmp_path: Path) -> None:
    answer = plan(tmp_path, "monthly", "--at", "2027-02-01T20:00", "--simulate", "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    names = [ring["name"] for ring in document["rings"]]
    assert names == ["staging", "canary", "early", "broad"]
    on_time, late = document["courses"]
    assert (on_time["late"], document["fixes"]) == (None, None), "there is no assessment"
    staging, canary = on_time["rings"][:2]
    assert staging["begins"] < staging["patched"] < staging["done"] <= canary["begins"]
    assert late["reason"].startswith("nobody answered the approval"), "two days are longer than it may take"


def test_an_emergency_says_that_it_ignores_freezes_and_why(tmp_path: Path) -> None:
    answer = plan(
        tmp_path, "monthly", "--cve", "CVE-2026-1234", "--soak", "15m", "--ignore-freeze", "exploited"
    )
    assert answer.exit_code == 0, answer.output
    assert "installs what fixes CVE-2026-1234" in answer.output
    assert "freezes are ignored: exploited" in answer.output
    assert "how many hosts it fixes is not known: there is no assessment" in answer.output
    assert "There is no assessment yet. Run `patchops assess` first." in answer.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["weekly"], "has no cycle 'weekly'; it has monthly"),
        (["monthly", "--cve", "1234"], "is no CVE id"),
        (["monthly", "--soak", "soon"], "--soak: 'soon' is not a duration"),
        (["monthly", "--at", "soon"], "--at 'soon' is not a time"),
    ],
)
def test_what_can_not_be_planned_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    answer = plan(tmp_path, *arguments)
    assert answer.exit_code == 2
    assert told in " ".join(answer.output.split())


def test_mistakes_of_the_inventory_are_told_with_their_line(tmp_path: Path) -> None:
    answer = plan(tmp_path, "monthly", policy=POLICY.replace("hosts: canary", "hosts: cannary"))
    assert answer.exit_code == 2
    assert "'cannary' is no host or group of the inventory" in answer.output
