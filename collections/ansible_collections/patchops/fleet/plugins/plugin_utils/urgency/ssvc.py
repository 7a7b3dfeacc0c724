# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CISA BOD 26-04's decision table: four yes-or-no points give a remediation timeline."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

TABLE_FILE = Path(__file__).with_name("cisa_bod_26_04.json")
ON_UPGRADE = "fix on system upgrade"
_FORENSIC = " & forensic investigation"

Points = tuple[bool, bool, bool, bool]
"""in KEV, exposed, automatable, technical impact total"""


@dataclass(frozen=True)
class Row:
    """One row of the table; ``span`` is None for a fix at the next major upgrade or rebuild."""

    number: int
    timeline: str
    span: Span | None
    forensic: bool


@functools.cache
def table() -> dict[Points, Row]:
    """The sixteen rows, read once from the data file beside this module."""
    rows = json.loads(TABLE_FILE.read_text(encoding="utf-8"))["rows"]
    return {
        (row["in_kev"], row["exposed"], row["automatable"], row["technical_impact"] == "total"): _row(row)
        for row in rows
    }


def _row(raw: dict[str, object]) -> Row:
    timeline = str(raw["timeline"])
    span = None if timeline == ON_UPGRADE else Span.parse(timeline.removesuffix(_FORENSIC))
    return Row(int(str(raw["row"])), timeline, span, timeline.endswith(_FORENSIC))
