# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patch set that a baseline approves: what ``patchops.fleet.transaction`` takes as ``patch_set``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import Decision
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import SCHEMAS
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import KIND, is_exact, patch_set_id


def is_member(decision: Decision) -> bool:
    """Whether a decision puts its update into the patch set."""
    update = decision.update
    exact = is_exact(update.name, update.arch, update.version, update.sha256 or "")
    return decision.verdict == "approved" and exact


def patch_set(decisions: Iterable[Decision], created_at: str, name: str | None = None) -> dict[str, Any]:
    """The approved updates as a ``patchops.patch_set`` document, not sealed.

    Nothing is proven so far, so ``proven_on`` is empty. An approved update whose bytes no host could tell is
    left out: a set names exact bytes, and one member that no host takes would keep every host from the set.
    ``created_at`` is a UTC time as documents write it.
    """
    platforms: dict[str, dict[str, Any]] = {}
    for decision in decisions:
        if not is_member(decision):
            continue
        update = decision.update
        platform = platforms.setdefault(update.platform, {"packages": [], "removals": []})
        platform["packages"].append(
            {
                "name": update.name,
                "arch": update.arch,
                "version": update.version,
                "sha256": update.sha256,
                "size": update.size,
                "origin": update.origin,
                "suite": update.suite,
                "action": "upgrade",
                "security": update.classification == "security",
                "proven_on": [],
            }
        )
    for content in platforms.values():
        content["packages"].sort(key=lambda member: (member["name"], member["arch"], member["version"]))
    return {
        "kind": KIND,
        "schema": SCHEMAS[KIND],
        "engine_version": ENGINE_VERSION,
        "id": patch_set_id(platforms),
        "created_at": created_at,
        "sealed_at": None,
        "name": name,
        "platforms": platforms,
    }
