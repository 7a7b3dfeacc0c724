# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates that did not stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore
from patchops.assessment.failures import failed_updates


def failed(documents: Path, **owners: str) -> dict[HostKey, frozenset[str]]:
    return failed_updates(DirectoryStore(documents), owners.get)


def web(number: int, inventory: str = "") -> HostKey:
    return HostKey(inventory, f"web{number}")


def write(documents: Path, run_id: str, playbook: str, *hosts: dict[str, Any], **more: Any) -> None:
    path = documents / "runs" / run_id / "report.json"
    path.parent.mkdir(parents=True)
    report = {
        "kind": "patchops.report",
        "schema": 1,
        "engine_version": "0.1.0",
        "run_id": run_id,
        "playbook": playbook,
        "started_at": f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}T00:00:00Z" if run_id[0] == "2" else None,
        "check_mode": False,
        "hosts": hosts,
        **more,
    }
    path.write_text(json.dumps(report), encoding="utf-8")


def row(name: str, outcome: str, *packages: str, touched: bool = True) -> dict[str, Any]:
    return {
        "host": name,
        "touched": touched,
        "outcome": {"class": outcome},
        "changes": [{"name": package} for package in packages],
    }


def test_an_update_that_was_taken_back_is_named_for_its_host(tmp_path: Path) -> None:
    write(
        tmp_path, "20260601-patch", "patch", row("web1", "reverted", "openssl"), row("web2", "ok", "openssl")
    )
    assert failed(tmp_path) == {web(1): frozenset({"openssl"}), web(2): frozenset()}


def test_a_later_run_that_went_well_clears_it(tmp_path: Path) -> None:
    write(tmp_path, "20260601-patch", "patch", row("web1", "failed", "openssl"))
    write(tmp_path, "20260602-patch", "patch", row("web1", "ok", "openssl"))
    assert failed(tmp_path) == {web(1): frozenset()}


def test_a_later_run_that_did_not_touch_the_host_clears_nothing(tmp_path: Path) -> None:
    write(tmp_path, "20260601-patch", "patch", row("web1", "failed", "openssl"))
    write(tmp_path, "20260602-patch", "patch", row("web1", "refused", touched=False))
    write(tmp_path, "20260603-scan", "scan", row("web1", "ok"))
    write(tmp_path, "20260604-patch", "patch", row("web1", "ok"), check_mode=True)
    assert failed(tmp_path) == {web(1): frozenset({"openssl"})}


def test_a_damaged_report_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "runs" / "1").mkdir(parents=True)
    (tmp_path / "runs" / "1" / "report.json").write_text("{", encoding="utf-8")
    assert failed(tmp_path) == {}


def test_hosts_of_one_name_are_told_apart_by_the_inventory_of_their_report(tmp_path: Path) -> None:
    write(tmp_path, "20260601-patch", "patch", row("web1", "failed", "openssl"), inventory="prod")
    write(tmp_path, "20260602-patch", "patch", row("web1", "ok", "openssl"), inventory="staging")
    assert failed(tmp_path) == {web(1, "prod"): frozenset({"openssl"}), web(1, "staging"): frozenset()}


def test_a_report_without_an_inventory_has_that_of_its_run(tmp_path: Path) -> None:
    write(tmp_path, "former", "patch", row("web1", "failed", "openssl"))
    assert failed(tmp_path, former="prod") == {web(1, "prod"): frozenset({"openssl"})}
