# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the last run says about updates that did not stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def failures_of(report: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The packages whose update failed or was taken back, by host, out of a ``patchops.report``."""
    return {
        row["host"]: frozenset(change["name"] for change in row.get("changes") or [])
        for row in report.get("hosts", [])
        if row["outcome"]["class"] in ("failed", "reverted")
    }
