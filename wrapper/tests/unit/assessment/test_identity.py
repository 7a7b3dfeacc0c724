# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts of one name: each is judged by its own document, and shown so that nobody mixes them up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore, host_document_key

from .conftest import _host

Patchops = Callable[..., Result]


@pytest.fixture
def inventories(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """prod.yml and staging.yml, both with a web1: that of prod lacks the fix, that of staging has it."""
    paths = (tmp_path / "prod.yml", tmp_path / "staging.yml")
    for path, version in zip(paths, ("3.0.1-1", "3.0.2-1"), strict=True):
        path.write_text("all: {hosts: {web1: {}}}\n", encoding="utf-8")
        key = Inventory.of([str(path)]).host("web1")
        document: dict[str, Any] = {**_host("web1", version), "inventory": key.inventory}
        DirectoryStore(data / "documents").write(host_document_key(key), document)
    return paths


def test_each_is_judged_by_its_own_packages(patchops: Patchops, inventories: tuple[Path, Path]) -> None:
    found = {
        path.name: json.loads(patchops("assess", "-i", path, "--query", "hosts[].status").stdout)
        for path in inventories
    }
    assert found == {"prod.yml": ["not_compliant"], "staging.yml": ["compliant"]}


def test_each_keeps_its_own_due_date(patchops: Patchops, inventories: tuple[Path, Path], data: Path) -> None:
    lax = data / "lax.yml"
    lax.write_text(
        "kind: patchops.policy\nschema: 1\nurgency:\n  rules:\n    - {name: lax, within: {low: 12 months}}\n",
        encoding="utf-8",
    )
    prod, staging = inventories
    key = Inventory.of([str(staging)]).host("web1")
    DirectoryStore(data / "documents").write(host_document_key(key), _host("web1", "3.0.1-1"))
    due = "findings[].due"
    [promised] = json.loads(patchops("assess", "-i", prod, "--query", due).stdout)
    [other] = json.loads(patchops("assess", "-i", staging, "--policy", lax, "--query", due).stdout)
    [kept] = json.loads(patchops("assess", "-i", prod, "--policy", lax, "--query", due).stdout)
    assert kept == promised
    assert other > promised


@pytest.mark.usefixtures("inventories")
def test_every_answer_tells_them_apart(patchops: Patchops, tmp_path: Path) -> None:
    prod, staging = f"web1@{tmp_path}/prod.yml", f"web1@{tmp_path}/staging.yml"
    printed = patchops("assess").stdout
    assert "web1@" in printed
    cve = json.loads(patchops("cve", "CVE-2026-9001", "--json").stdout)
    assert (cve["has_it"], cve["fixed"]) == ([prod], [staging, "web2"])
    [found] = json.loads(patchops("findings", "--query", "findings").stdout)
    assert (found["host"], found["inventory"]) == ("web1", f"{tmp_path}/prod.yml")
    assert json.loads(patchops("findings", "--host", staging, "--query", "findings").stdout) == []
    refused = patchops("export", "cyclonedx-sbom", "--host", "web1")
    assert f"2 fit ({prod}, {staging})" in refused.stderr
    assert patchops("export", "cyclonedx-sbom", "--host", staging).exit_code == 0


def test_a_host_of_another_inventory_is_not_taken_for_the_one_that_was_scanned(
    patchops: Patchops, data: Path, tmp_path: Path
) -> None:
    inventory = tmp_path / "new.yml"
    inventory.write_text("all: {hosts: {web3: {}}}\n", encoding="utf-8")
    key = Inventory.of(["/srv/prod.yml"]).host("web3")
    DirectoryStore(data / "documents").write(host_document_key(key), _host("web3", "3.0.2-1"))
    [status] = json.loads(patchops("assess", "-i", inventory, "--query", "hosts[].status").stdout)
    assert status == "unknown"
