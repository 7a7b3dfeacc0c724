# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report to test with."""

from __future__ import annotations

from typing import Any

from patchops.reports.model import Report, read_report

SSL = {
    "name": "openssl",
    "arch": "amd64",
    "action": "upgrade",
    "from": "3.0.11",
    "to": "3.0.15",
    "security": True,
    "origin": "Debian",
}
WAY_BACK = {
    "revertible": 1,
    "snapshot_only": [{"name": "slapd", "reason": "has data"}],
    "forward_only": [{"name": "apt", "reason": "replaces itself"}],
}
TOOL = SSL | {"name": "tool", "from": None, "to": "1.1", "action": "install", "security": False}


def outcome(kind: str = "ok", code: str = "verified", message: str = "", remedy: str = "") -> dict[str, str]:
    return {"class": kind, "code": code, "message": message, "remedy": remedy}


def host(name: str, **different: Any) -> dict[str, Any]:
    """A host that was patched with openssl and is in effect."""
    return {
        "host": name,
        "outcome": outcome(),
        "step": "verify",
        "touched": True,
        "lost": False,
        "batch": 1,
        "platform": "debian-12-amd64",
        "transaction": {"id": "t1", "state": "applied"},
        "changes": [SSL],
        "held": [],
        "blocked": [],
        "pending": {"total": 0, "security": 0},
        "effective": "yes",
        "reboot": {"required": False, "done": True, "boot_id_changed": True, "kernel": "6.1.0"},
        "verification": {
            "ok": True,
            "checks": [{"check": "unit ssh.service", "ok": True, "detail": "active"}],
        },
        "security_source": {"status": "ok"},
        "os": {"id": "debian", "name": "Debian GNU/Linux", "version_id": "12"},
        **different,
    }


def not_started(name: str) -> dict[str, Any]:
    return host(
        name,
        outcome=outcome("not_started", "not_started", "Not started: the budget is spent."),
        touched=False,
        verification=None,
        effective="unknown",
        changes=[],
    )


def document(*hosts: dict[str, Any], **different: Any) -> dict[str, Any]:
    return {
        "kind": "patchops.report",
        "schema": 1,
        "engine_version": "0.1.0",
        "run_id": "20261122-101500-patch-3f9a",
        "playbook": "patch",
        "started_at": "2026-11-22T10:15:00Z",
        "finished_at": "2026-11-22T10:17:42Z",
        "check_mode": False,
        "result": "done",
        "gates": [],
        "budget": {"max": 1, "lost": 0, "membership": len(hosts)},
        "hosts": list(hosts),
        "patch_set": None,
        **different,
    }


def report(*hosts: dict[str, Any], **different: Any) -> Report:
    return read_report(document(*hosts, **different), "the sample")
