# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the last run says about updates that did not stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey


def failures_of(report: Mapping[str, Any], inventory: str | None = None) -> dict[HostKey, frozenset[str]]:
    """The packages whose update failed or was taken back, by host, out of a ``patchops.report``.

    ``inventory``: the key of its inventory, where the report doesn't say it.
    """
    if inventory is None:
        inventory = report.get("inventory") or ""
    return {
        HostKey(inventory, row["host"]): frozenset(change["name"] for change in row.get("changes") or [])
        for row in report.get("hosts", [])
        if row["outcome"]["class"] in ("failed", "reverted")
    }
