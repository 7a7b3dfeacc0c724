# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an honest host answers to each operation, in the shape of real answers."""

from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import decisive_facts, summarize
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import make_result
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode

AT = "2026-11-30T10:00:00Z"


def host_document(name: str = "web1") -> dict[str, Any]:
    """Return a host document with one pending security update."""
    return {
        "kind": "patchops.host",
        "schema": 1,
        "engine_version": "0.1.0",
        "run_id": None,
        "host": None,
        "collected_at": AT,
        "subsets": ["os", "machine", "kernel", "boot", "packages", "updates", "units", "reboot"],
        "clock": {"utc": AT},
        "python": {"executable": "/usr/bin/python3", "version": "3.11.2"},
        "package_manager": {"name": "apt", "version": "2.6.1"},
        "refresh": {"at": AT, "ok": True, "errors": []},
        "transactions": [],
        "kept_bytes": 0,
        "errors": [],
        "os": {
            "id": "debian",
            "id_like": [],
            "name": "Debian GNU/Linux",
            "version_id": "12",
            "codename": "bookworm",
            "arch": "amd64",
            "support": {"status": "lts", "ends": "2026-06-10", "lts_ends": "2028-06-30", "source": "table"},
        },
        "machine": {
            "machine_id": "0123456789abcdef0123456789abcdef",
            "virtualization": {"kind": "vm", "type": "kvm"},
            "hostname": name,
            "fqdn": None,
        },
        "kernel": {
            "running": "6.1.0-25-amd64",
            "running_build": "6.1.106-3",
            "installed": [
                {"release": "6.1.0-25-amd64", "package": "linux-image-6.1.0-25-amd64", "version": "6.1.106-3"}
            ],
            "newest_installed": "6.1.0-25-amd64",
            "default_boot": None,
        },
        "boot": {"id": "11111111-2222-3333-4444-555555555555", "time": AT, "uptime_seconds": 60},
        "packages": [_package("bash", "5.2-1"), _package("libssl3", "3.0.1-1", "openssl")],
        "holds": [],
        "broken": {"interrupted": False, "packages": [], "reason": None},
        "updates": [
            {
                "name": "libssl3",
                "arch": "amd64",
                "installed": "3.0.1-1",
                "candidate": "3.0.2-1",
                "source": "openssl",
                "source_version": "3.0.2-1",
                "origin": "Debian",
                "suite": "bookworm-security",
                "security": True,
                "held": False,
                "blocked": False,
                "label": "Debian-Security",
                "phased": None,
                "size": 1000,
                "sha256": "a" * 64,
            }
        ],
        "repositories": [],
        "security_source": {"status": "ok", "reason": "", "repositories": ["http://deb/"]},
        "units": {"failed": [], "running": ["ssh.service"]},
        "reboot": {"required": False, "reasons": []},
    }


def _package(name: str, version: str, source: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "arch": "amd64",
        "version": version,
        "source": source or name,
        "source_version": version,
        "origin": "Debian",
        "suite": "bookworm",
        "section": "libs",
        "manual": True,
    }


def plan() -> dict[str, Any]:
    """Return the plan of a transaction with one update."""
    return {
        "packages": [
            {
                "name": "libssl3",
                "arch": "amd64",
                "action": "upgrade",
                "from": "3.0.1-1",
                "to": "3.0.2-1",
                "origin": "Debian",
                "suite": "bookworm-security",
                "security": True,
                "size": 1000,
                "sha256": "a" * 64,
                "way_back": "revertible",
                "way_back_reason": None,
            }
        ],
        "held": [{"name": "nginx", "reason": "held"}],
        "blocked": [],
        "confirm": {"needed": False, "by": [], "stays": [], "within": 0, "reason": None},
        "download_bytes": 1000,
        "disk_bytes": 10,
        "platform": "debian-12-amd64",
    }


def transaction_document(state: str) -> dict[str, Any]:
    """Return the document of a transaction that came to rest."""
    return {
        "kind": "patchops.transaction",
        "schema": 1,
        "engine_version": "0.1.0",
        "run_id": None,
        "host": None,
        "collected_at": AT,
        "id": "t1",
        "state": state,
        "host_state": None,
        "created_at": AT,
        "updated_at": AT,
        "outcome": {"class": "ok", "code": state, "message": "done", "remedy": ""},
        "request": {
            "selection": {"select": "security"},
            "allow_removals": False,
            "way_back": "required",
            "way_back_classes": [],
            "without_snapshot": "refuse",
            "digest": "b" * 64,
            "generation": 1,
            "number": 1,
            "run_id": None,
        },
        "plan": plan(),
        "way_back": [],
        "kept_bytes": 0,
        "snapshot": None,
        "blocked": [],
        "journal": [{"seq": 1, "at": AT, "boot": "1", "event": "state", "state": state}],
    }


def host_info(name: str = "web1") -> dict[str, Any]:
    """Return the answer to host_info."""
    document = host_document(name)
    return make_result(
        "collected",
        summarize(document),
        host=decisive_facts(document),
        patchops_payload=encode(document),
    )


def transaction(state: str = "applied", code: str = "") -> dict[str, Any]:
    """Return the answer of a transaction in `state`."""
    return make_result(
        code or state,
        "1 package",
        changed=True,
        transaction={
            "id": "t1",
            "state": state,
            "journal": "/var/lib/patchops/transactions/t1/journal.jsonl",
        },
        live=False,
        goal=None,
        host_state=None,
        plan=plan(),
        way_back={"revertible": 1, "snapshot_only": [], "forward_only": []},
        services={"restarted": ["ssh.service"], "failed": [], "left": [{"unit": "x", "reason": "y"}]},
        confirm={**plan()["confirm"], "state": None},
        diff={"before": "libssl3:amd64 3.0.1-1\n", "after": "libssl3:amd64 3.0.2-1\n"},
        patchops_payload=encode(transaction_document(state)),
    )


def transaction_info(state: str = "applied") -> dict[str, Any]:
    """Return the answer to transaction_info."""
    listed = {
        "id": "t1",
        "state": state,
        "host_state": None,
        "created_at": AT,
        "updated_at": AT,
        "superseded_by": None,
        "kept_bytes": 0,
        "request": {"digest": "b" * 64, "generation": 1, "way_back": "required"},
    }
    return {
        **transaction(state),
        "changed": False,
        "transactions": [listed],
        "platform": "debian-12-amd64",
        "kept_bytes": 0,
    }


def reboot() -> dict[str, Any]:
    """Return the answer to reboot where nothing asks for one."""
    facts = {
        "required": False,
        "reasons": [],
        "done": False,
        "boot_id_changed": False,
        "boot_id": "11111111-2222-3333-4444-555555555555",
        "kernel": "6.1.0-25-amd64",
    }
    return make_result("reboot_not_needed", "Nothing had to be restarted.", reboot=facts, restarted=[])


def verify(name: str = "web1") -> dict[str, Any]:
    """Return the answer to verify where all is well."""
    return make_result(
        "verified",
        "Verified.",
        verification={"ok": True, "checks": [{"check": "unit ssh.service", "ok": True, "detail": "active"}]},
        effective="yes",
        effective_reasons=[],
        pending={"total": 0, "security": 0},
        security_source={"status": "ok", "reason": "", "repositories": []},
        proven_before=False,
        plan={},
        confirmed=[],
        patchops_payload=encode({**host_document(name), "updates": []}),
    )


ANSWERS = {
    "host_info": host_info,
    "transaction": transaction,
    "transaction_info": transaction_info,
    "reboot": reboot,
    "verify": verify,
}
