# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a waiver has to say before it is accepted, and when it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import (
    Limits,
    Renewal,
    Waiver,
    faults,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope

GOOD = Waiver(
    id="W1",
    state="waived",
    owner="ann",
    approver="bob",
    reason="no maintenance window before the release",
    control="port closed at the edge",
    scope=Scope(hosts=("web*",), packages=("openssl",), cves=("CVE-2026-1",)),
    granted=date(2026, 1, 1),
    until=date(2026, 2, 1),
)
RENEWED = replace(GOOD, renewals=(Renewal("bob", date(2026, 2, 1), date(2026, 3, 1)),))


def messages(waiver: Waiver, limits: Limits = Limits()) -> list[str]:  # noqa: B008 - a frozen value
    return [f"{place}: {what}" for place, what, _remedy in faults(waiver, limits)]


def test_a_complete_waiver_has_no_faults() -> None:
    assert messages(RENEWED) == []


def test_the_owner_can_not_approve_the_own_risk() -> None:
    assert messages(replace(GOOD, approver=" Ann ")) == ["approver:  Ann  approves an own risk"]


def test_the_owner_can_not_approve_a_renewal_either() -> None:
    waiver = replace(GOOD, renewals=(Renewal("ann", date(2026, 2, 1), date(2026, 3, 1)),))
    assert messages(waiver) == ["renewals[0].approver: ann approves an own risk"]


def test_a_waiver_longer_than_the_policy_allows_is_refused() -> None:
    assert messages(replace(GOOD, until=date(2026, 5, 1))) == ["until: runs 120 days, the policy allows 90"]


def test_each_renewal_has_the_same_maximum() -> None:
    waiver = replace(GOOD, renewals=(Renewal("bob", date(2026, 2, 1), date(2026, 12, 1)),))
    assert messages(waiver) == ["renewals[0].until: runs 303 days, the policy allows 90"]


def test_renewals_are_counted() -> None:
    assert messages(RENEWED, Limits(max_renewals=0)) == ["renewals: 1 renewals, the policy allows 0"]


def test_a_waiver_that_ends_before_it_begins_is_refused() -> None:
    assert messages(replace(GOOD, until=date(2025, 1, 1))) == [
        "until: 2025-01-01 is before its begin 2026-01-01"
    ]


def test_a_mitigation_needs_evidence() -> None:
    assert messages(replace(GOOD, state="mitigated")) == ["evidence: a mitigation without evidence"]


def test_a_waiver_of_whole_hosts_is_refused() -> None:
    waiver = replace(GOOD, scope=Scope(hosts=("web*",)))
    assert messages(waiver) == ["scope: the scope names no package, CVE or advisory"]


@pytest.mark.parametrize(
    ("day", "active"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 2, 1), True),
        (date(2026, 3, 1), True),
        (date(2026, 3, 2), False),
    ],
)
def test_a_waiver_holds_from_its_first_to_its_last_day(day: date, active: bool) -> None:
    assert RENEWED.active(day) is active


def test_between_its_end_and_a_late_renewal_a_waiver_does_not_hold() -> None:
    late = replace(GOOD, renewals=(Renewal("bob", date(2026, 2, 10), date(2026, 3, 1)),))
    assert not late.active(date(2026, 2, 5))
    assert late.active(date(2026, 2, 10))
