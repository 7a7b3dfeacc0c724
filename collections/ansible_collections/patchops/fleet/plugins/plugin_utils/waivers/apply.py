# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings are accepted today, by which waivers, and what about the waivers wants attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Target

ACCEPTABLE: Final = frozenset({"missing", "failed", "rejected", "no_fix", "installed"})
"""States that a waiver can change (``installed`` only while it is not in effect). What is unknown can't be
accepted: nobody knows what it would be."""

_SOON = timedelta(days=14)


@dataclass(frozen=True)
class Acceptance:
    """What waivers make of one finding."""

    state: str | None
    """``waived``, ``mitigated``, or None: the finding stays as it is."""
    used: tuple[Waiver, ...] = ()
    uncovered: tuple[str, ...] = ()
    """CVEs that no active waiver covers, where others do."""
    expired: tuple[Waiver, ...] = ()

    def reasons(self) -> list[str]:
        lines = [
            f"{waiver.state} by {waiver.id} until {waiver.ends.isoformat()}, owner {waiver.owner}, "
            f"approved by {waiver.approver}: {waiver.reason}"
            for waiver in (self.used if self.state else ())
        ]
        if self.uncovered and self.used:
            lines.append(
                f"stays open: {', '.join(waiver.id for waiver in self.used)} doesn't cover "
                + ", ".join(self.uncovered)
            )
        lines += [f"waiver {waiver.id} expired on {waiver.ends.isoformat()}" for waiver in self.expired]
        return lines


def accept(target: Target, waivers: Sequence[Waiver], today: date) -> Acceptance:
    """Accept a finding when active waivers together cover every CVE of it."""
    names = set(target.cves or (target.advisory,))
    covered: set[str] = set()
    used, expired = [], []
    for waiver in waivers:
        named = waiver.scope.covered(target)
        if not named:
            continue
        if waiver.active(today):
            used.append(waiver)
            covered |= named
        elif waiver.expired(today):
            expired.append(waiver)
    state = None
    if used and covered == names:
        state = "waived" if any(waiver.state == "waived" for waiver in used) else "mitigated"
    return Acceptance(
        state=state, used=tuple(used), uncovered=tuple(sorted(names - covered)), expired=tuple(expired)
    )


@dataclass(frozen=True)
class Notice:
    """Something about waivers that a person should look at."""

    code: str
    """``expired``, ``expires_soon``, ``overlapping``, ``unused``."""
    waivers: tuple[str, ...]
    message: str


def notices(waivers: Sequence[Waiver], acceptances: Iterable[Acceptance], today: date) -> list[Notice]:
    """Expired, soon expiring, overlapping and unused waivers, in a fixed order."""
    used: set[str] = set()
    pairs: dict[tuple[str, str], int] = {}
    for acceptance in acceptances:
        names = [waiver.id for waiver in acceptance.used]
        used.update(names)
        for place, first in enumerate(names):
            for second in names[place + 1 :]:
                pair = (first, second) if first < second else (second, first)
                pairs[pair] = pairs.get(pair, 0) + 1
    found = [
        Notice("overlapping", pair, f"{pair[0]} and {pair[1]} both cover {count} findings")
        for pair, count in sorted(pairs.items())
    ]
    for waiver in sorted(waivers, key=lambda waiver: waiver.id):
        if waiver.expired(today):
            found.append(Notice("expired", (waiver.id,), f"{waiver.id} expired on {waiver.ends.isoformat()}"))
        elif waiver.active(today):
            if waiver.ends - today <= _SOON:
                text = (
                    f"{waiver.id} expires on {waiver.ends.isoformat()} (renewed {len(waiver.renewals)} times)"
                )
                found.append(Notice("expires_soon", (waiver.id,), text))
            if waiver.id not in used:
                found.append(Notice("unused", (waiver.id,), f"{waiver.id} covers no finding of these hosts"))
    return found
