# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of a real host close when it is patched, and only when the fix is in effect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab, renew

from .command import Command

pytestmark = pytest.mark.lab

GOODAPP = ("lab-goodapp", "1.1", "CVE-2026-9001")
LIBRARY = ("lab-library", "1.1", "CVE-2026-9002")
# In a scope and not in a service: nothing restarts it but a reboot.
EXECUTES_LIBRARY = "/usr/bin/python3 /usr/share/lab-libuser/service.py > /dev/null 2>&1 &"


@pytest.fixture(scope="module")
def module_lab(make_lab: MakeLab) -> Lab:
    return make_lab(HostSpec("web1", apps=("goodapp", "libuser")))


@pytest.fixture
def patchops(module_lab: Lab, tmp_path: Path) -> Iterator[Command]:
    renew(module_lab)
    command = Command(module_lab, tmp_path / "data")
    yield command
    command.end_all()


def publish(patchops: Command, *fixes: tuple[str, str, str]) -> None:
    """Make the advisory database of (source package, fixed version, CVE)."""
    today = datetime.now(timezone.utc).date().isoformat()
    lines = [
        {
            "id": f"DSA-900{number}-1",
            "date": today,
            "package": package,
            "title": "security update",
            "cves": [cve],
            "fixed": [["bookworm", package, version]],
            "src": "list",
        }
        for number, (package, version, cve) in enumerate(fixes, start=1)
    ]
    feed = patchops.data / "advisories.jsonl"
    feed.parent.mkdir(parents=True, exist_ok=True)
    feed.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    import_feed(patchops.data / "advisories.sqlite3", "jsonl", Feed(feed))


def scanned(patchops: Command) -> dict[str, Any]:
    """Scan the host and return its document."""
    ran = patchops.run("scan")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [path] = (patchops.data / "documents").glob("hosts/web1@*/host.json")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def assessed(patchops: Command) -> dict[str, Any]:
    """Scan and assess the host; return the fleet's document."""
    scanned(patchops)
    ran = patchops.run("assess", "--json")
    assert ran.returncode == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def answer(patchops: Command, cve: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(patchops.run("cve", cve, "--json").stdout)
    return found


def test_what_the_baseline_approves_closes_the_findings(patchops: Command) -> None:
    publish(patchops, GOODAPP)
    before = assessed(patchops)
    goodapp = next(finding for finding in before["findings"] if finding["package"] == "lab-goodapp")
    patched = patchops.run("patch", "--limit", "web1", "--patch-set", before["patch_set_id"])
    after = assessed(patchops)

    assert (goodapp["state"], goodapp["fix_available"]) == ("missing", True)
    assert patched.returncode == 0, patched.stdout
    assert (after["findings"], after["hosts"][0]["status"]) == ([], "compliant")
    assert answer(patchops, "CVE-2026-9001")["fixed"] == ["web1"]


def test_an_installed_fix_closes_its_finding_only_when_it_is_in_effect(
    module_lab: Lab, patchops: Command
) -> None:
    module_lab.host("web1").run("systemd-run", "--scope", "--quiet", "sh", "-c", EXECUTES_LIBRARY)
    publish(patchops, LIBRARY)
    patched = patchops.run("patch", "--limit", "web1", "--package", "lab-library", "--reboot", "never")
    assert patched.returncode == 0, patched.stdout
    open_still = assessed(patchops)
    while_old_code_runs = answer(patchops, "CVE-2026-9002")
    rebooted = patchops.run("reboot", "--limit", "web1", "--always")
    scanned(patchops)

    [library] = [finding for finding in open_still["findings"] if finding["package"] == "lab-library"]
    assert (library["state"], library["effective"]) == ("installed", "no")
    assert (while_old_code_runs["fixed"], while_old_code_runs["not_effective"]) == ([], ["web1"])
    assert rebooted.returncode == 0, rebooted.stdout
    assert answer(patchops, "CVE-2026-9002")["fixed"] == ["web1"]
