# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A waiver: a finding that somebody accepts for a limited time, or that something else holds in check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope


@dataclass(frozen=True)
class Renewal:
    """One prolongation: who approved it, when, and until when it holds."""

    approver: str
    at: date
    until: date


@dataclass(frozen=True)
class Waiver:
    """An acceptance as the policy file records it."""

    id: str
    state: str
    """``waived`` (the risk is accepted) or ``mitigated`` (a live patch or a workaround, with evidence)."""
    owner: str
    approver: str
    reason: str
    control: str
    """The compensating control, or what mitigates."""
    scope: Scope
    granted: date
    until: date
    evidence: str = ""
    renewals: tuple[Renewal, ...] = ()

    @property
    def ends(self) -> date:
        """Its last day, renewals included."""
        return self.renewals[-1].until if self.renewals else self.until

    def active(self, today: date) -> bool:
        return self.granted <= today <= self.ends and not self._gap(today)

    def expired(self, today: date) -> bool:
        return today > self.ends

    def _gap(self, today: date) -> bool:
        """Whether ``today`` lies between the end of one period and a later renewal."""
        ends = [self.until, *(renewal.until for renewal in self.renewals)]
        starts = [renewal.at for renewal in self.renewals]
        return any(end < today < start for end, start in zip(ends, starts, strict=False))


@dataclass(frozen=True)
class Limits:
    """What a policy allows of a waiver."""

    max_days: int = 90
    max_renewals: int = 2


def faults(waiver: Waiver, limits: Limits) -> list[tuple[str, str, str]]:
    """Why the waiver can't be accepted: (key of the waiver's record, what is wrong, remedy)."""
    found = []
    for place, approver in [
        ("approver", waiver.approver),
        *((f"renewals[{n}].approver", renewal.approver) for n, renewal in enumerate(waiver.renewals)),
    ]:
        if approver.strip().casefold() == waiver.owner.strip().casefold():
            found.append(
                (place, f"{approver} approves an own risk", "name another person than the owner as approver")
            )
    start = waiver.granted
    for place, at, until in [
        ("until", waiver.granted, waiver.until),
        *((f"renewals[{n}].until", renewal.at, renewal.until) for n, renewal in enumerate(waiver.renewals)),
    ]:
        if at < start:
            found.append((place, f"begins on {at}, before the period it follows", "put renewals in order"))
        start = at
        if until < at:
            found.append((place, f"{until} is before its begin {at}", "set a day after the begin"))
        elif (until - at).days > limits.max_days:
            found.append(
                (
                    place,
                    f"runs {(until - at).days} days, the policy allows {limits.max_days}",
                    "shorten it and renew it when it ends, or raise waivers.max_days",
                )
            )
    if len(waiver.renewals) > limits.max_renewals:
        found.append(
            (
                "renewals",
                f"{len(waiver.renewals)} renewals, the policy allows {limits.max_renewals}",
                "fix the finding or decide anew with a waiver of its own, or raise waivers.max_renewals",
            )
        )
    if waiver.state == "mitigated" and not waiver.evidence:
        found.append(("evidence", "a mitigation without evidence", "say what shows that it works"))
    if not (waiver.scope.packages or waiver.scope.cves or waiver.scope.advisories):
        found.append(
            (
                "scope",
                "the scope names no package, CVE or advisory",
                "a waiver can't accept whole hosts: name one",
            )
        )
    return found
