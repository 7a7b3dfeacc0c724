# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host document of an inventory: packages and system, and null for all that only a live host could
tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION


@dataclass
class Inventory:
    """What a reader found. packages: as in patchops.host; broken: packages that are half installed.

    language_packages: {name, version, ecosystem} of what package managers of languages installed.
    unproven: why the file may have been cut, "" where its form shows that it is whole. doubts: what else
    can't be known because of the file, each as {code, detail} of a reason.
    """

    packages: list[dict[str, Any]] = field(default_factory=list)
    language_packages: list[dict[str, str]] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)
    os: dict[str, Any] = field(default_factory=dict)
    unproven: str = ""
    doubts: list[dict[str, str]] = field(default_factory=list)


def host_document(inventory: Inventory, os: dict[str, Any], host: str, kind: str) -> dict[str, Any]:
    """The patchops.host document (schema 1)."""
    missing = f"an inventory ({kind}) does not tell what repositories offer"
    return {
        "kind": "patchops.host",
        "schema": 1,
        "engine_version": ENGINE_VERSION,
        "run_id": None,
        "host": host,
        "inventory": kind,
        "os": os or None,
        "machine": None,
        "kernel": None,
        "packages": inventory.packages,
        "language_packages": inventory.language_packages,
        "doubts": inventory.doubts,
        "broken": {"interrupted": False, "packages": inventory.broken, "reason": None},
        "updates": None,
        "repositories": None,
        "security_source": {"status": "unreadable", "reason": missing, "repositories": []},
        "refresh": None,
        "restarts": None,
        "reboot": None,
    }
