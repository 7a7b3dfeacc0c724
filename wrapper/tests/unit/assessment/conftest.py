# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small advisory database, two scanned hosts, and `patchops` in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.build import import_feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore, host_document_key
from patchops.cli import main

Patchops = Callable[..., Result]
TODAY = datetime.now(timezone.utc).date()

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nNAME="Debian GNU/Linux"\n'
DPKG_STATUS = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.1-1

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
"""


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


ADVISORIES = [
    {
        "id": "DSA-9001-1",
        "date": days_ago(30),
        "package": "openssl",
        "title": "security update",
        "cves": ["CVE-2026-9001"],
        "fixed": [["bookworm", "openssl", "3.0.2-1"]],
        "src": "list",
    },
    {
        "id": "DSA-9002-1",
        "date": days_ago(1),
        "package": "bash",
        "title": "security update",
        "cves": ["CVE-2026-9002"],
        "fixed": [["bookworm", "bash", "5.2-2"]],
        "src": "list",
    },
]
KEV = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.01.01",
    "dateReleased": f"{days_ago(0)}T00:00:00.0000Z",
    "count": 1,
    "vulnerabilities": [
        {
            "cveID": "CVE-2026-9001",
            "vendorProject": "OpenSSL",
            "product": "OpenSSL",
            "vulnerabilityName": "OpenSSL Vulnerability",
            "dateAdded": days_ago(20),
            "shortDescription": "An example.",
            "requiredAction": "Update.",
            "dueDate": days_ago(6),
            "knownRansomwareCampaignUse": "Unknown",
            "notes": "",
            "cwes": [],
        }
    ],
}


def _host(name: str, openssl: str) -> dict[str, Any]:
    offered = [] if openssl == "3.0.2-1" else ["3.0.2-1"]
    return {
        "kind": "patchops.host",
        "schema": 1,
        "engine_version": "0.1.0",
        "run_id": None,
        "host": name,
        "collected_at": f"{days_ago(0)}T00:00:00Z",
        "os": {
            "id": "debian",
            "id_like": [],
            "name": "Debian GNU/Linux",
            "version_id": "12",
            "codename": "bookworm",
            "arch": "amd64",
            "support": {"status": "supported", "ends": None, "lts_ends": None, "source": "os-release"},
        },
        "package_manager": {"name": "apt", "version": "2.6"},
        "kernel": {"running": None, "installed": [], "newest_installed": None, "default_boot": None},
        "security_source": {"status": "ok", "reason": "", "repositories": ["security"]},
        "repositories": [],
        "refresh": {"at": f"{days_ago(0)}T00:00:00Z", "ok": True, "errors": []},
        "holds": [],
        "broken": {"interrupted": False, "packages": [], "reason": None},
        "packages": [
            {
                "name": "libssl3",
                "version": openssl,
                "arch": "amd64",
                "source": "openssl",
                "source_version": openssl,
                "origin": "Debian",
                "suite": "stable-security",
                "manual": False,
            }
        ],
        "updates": [
            {
                "name": "libssl3",
                "arch": "amd64",
                "installed": openssl,
                "candidate": version,
                "origin": "Debian",
                "label": "Debian-Security",
                "suite": "stable-security",
                "security": True,
                "held": False,
                "blocked": False,
                "source": "openssl",
                "sha256": "ab" * 32,
                "size": 1000,
            }
            for version in offered
        ],
        "restarts": [],
        "errors": [],
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a database and the scans of web1 (vulnerable) and web2 (fixed)."""
    root = tmp_path / "data"
    root.mkdir()
    lines = tmp_path / "advisories.jsonl"
    lines.write_text("".join(json.dumps(line) + "\n" for line in ADVISORIES), encoding="utf-8")
    import_feed(root / "advisories.sqlite3", "jsonl", Feed(lines))
    catalogue = tmp_path / "kev.json"
    catalogue.write_text(json.dumps(KEV), encoding="utf-8")
    import_feed(root / "advisories.sqlite3", "kev", Feed(catalogue))
    store = DirectoryStore(root / "documents")
    for name, version in (("web1", "3.0.1-1"), ("web2", "3.0.2-1")):
        store.write(host_document_key(HostKey("", name)), _host(name, version))
    return root


@pytest.fixture
def patchops(data: Path, monkeypatch: pytest.MonkeyPatch) -> Patchops:
    monkeypatch.setenv("PATCHOPS_DATA", str(data))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def dpkg_status(tmp_path: Path) -> list[str | Path]:
    """The options that name an inventory file and its os-release."""
    (tmp_path / "status").write_text(DPKG_STATUS, encoding="utf-8")
    (tmp_path / "os-release").write_text(OS_RELEASE, encoding="utf-8")
    return ["--dpkg-status", tmp_path / "status", "--os-release", tmp_path / "os-release"]
