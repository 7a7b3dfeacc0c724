# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One order of work over all findings that a person can follow: no score, only parts that are shown.

Findings are put into named groups, the groups are fixed in order, and inside a group the parts of the key
are compared one after the other: due date, exposure, criticality of the host, severity, EPSS, name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import CRITICALITIES, SEVERITIES

GROUPS: Final = (
    "overdue and exploited",
    "overdue",
    "exploited",
    "due",
    "unknown",
    "no date",
    "accepted",
    "closed",
)
"""Most urgent first. ``exploited``: in CISA's KEV; ``unknown``: can't be known, not overdue."""

Key = tuple[int, date, bool, int, int, float, str, str, str]


@dataclass(frozen=True)
class Position:
    """The parts by which a finding is ranked."""

    state: str
    effective: str
    due: date | None
    exploited: bool
    exposed: bool
    criticality: str | None
    severity: str | None
    epss: float | None
    host: str
    package: str
    advisory: str

    @property
    def closed(self) -> bool:
        return self.state == "not_affected" or (self.state == "installed" and self.effective == "yes")

    @property
    def accepted(self) -> bool:
        return self.state in ("waived", "mitigated")


def group(position: Position, today: date) -> str:
    """The name of the group that the finding belongs to."""
    if position.closed:
        return "closed"
    if position.accepted:
        return "accepted"
    overdue = position.due is not None and position.due < today
    if position.exploited:
        return "overdue and exploited" if overdue else "exploited"
    if overdue:
        return "overdue"
    if position.state == "unknown":
        return "unknown"
    return "due" if position.due is not None else "no date"


def rank_key(position: Position, today: date) -> Key:
    """Sorts the most urgent finding first; total, so that the order never depends on the input's order."""
    return (
        GROUPS.index(group(position, today)),
        position.due or date.max,
        not position.exposed,
        -_level(position.criticality, CRITICALITIES),
        -_level(position.severity, SEVERITIES),
        -(position.epss or 0.0),
        position.host,
        position.package,
        position.advisory,
    )


def why(position: Position, today: date) -> str:
    """The parts of the rank in words, in the order in which they count."""
    parts = [group(position, today)]
    if position.due is not None and not position.closed:
        days = (position.due - today).days
        parts.append(f"{-days} days past {position.due.isoformat()}" if days < 0 else f"{days} days left")
    parts.append("exposed" if position.exposed else "not exposed")
    parts.append(f"criticality {position.criticality or 'unknown'}")
    parts.append(f"severity {position.severity or 'unknown'}")
    if position.epss is not None:
        parts.append(f"EPSS {position.epss:.3f}")
    return ", ".join(parts)


def _level(name: str | None, scale: tuple[str, ...]) -> int:
    """Place on the scale; what is not known counts as the highest, as it does for due dates."""
    return len(scale) if name is None else scale.index(name)
