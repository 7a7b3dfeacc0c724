# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of one host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class HostEntry(NamedTuple):
    """A host's entry in the document of a run (schemas/patchops.report.json), as far as it is known."""

    host: str
    outcome: dict[str, str]
    step: str | None
    touched: bool
    lost: bool
    batch: int | None = None
    platform: str | None = None
    transaction: dict[str, Any] | None = None
    changes: Sequence[dict[str, Any]] = ()
    way_back: dict[str, Any] | None = None
    held: Sequence[dict[str, Any]] = ()
    blocked: Sequence[dict[str, Any]] = ()
    pending: dict[str, Any] | None = None
    effective: str = "unknown"
    reboot: dict[str, Any] | None = None
    verification: dict[str, Any] | None = None
    confirm: dict[str, Any] | None = None
    security_source: dict[str, Any] | None = None
    os: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the entry in JSON's own types."""
        lists = {key: list(getattr(self, key)) for key in ("changes", "held", "blocked")}
        return {**self._asdict(), **lists}
