# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings waivers accept, and what they report about themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.apply import accept, notices
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.model import Waiver
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.scope import Scope, Target

TODAY = date(2026, 1, 15)
FIRST = Waiver(
    id="W1",
    state="waived",
    owner="ann",
    approver="bob",
    reason="frozen until the audit",
    control="filtered at the proxy",
    scope=Scope(cves=("CVE-2026-1",)),
    granted=date(2026, 1, 1),
    until=date(2026, 2, 20),
)
SECOND = replace(FIRST, id="W2", state="mitigated", evidence="kpatch list", scope=Scope(cves=("CVE-2026-2",)))
TARGET = Target("web1", frozenset({"web"}), frozenset({"openssl"}), "DSA-1-1", ("CVE-2026-1", "CVE-2026-2"))


def test_a_finding_is_accepted_when_all_its_cves_are() -> None:
    assert accept(TARGET, [FIRST, SECOND], TODAY).state == "waived"


def test_a_finding_with_an_uncovered_cve_stays_open_and_says_so() -> None:
    acceptance = accept(TARGET, [FIRST], TODAY)
    assert acceptance.state is None
    assert acceptance.reasons() == ["stays open: W1 doesn't cover CVE-2026-2"]


def test_mitigations_alone_make_it_mitigated() -> None:
    assert accept(replace(TARGET, cves=("CVE-2026-2",)), [SECOND], TODAY).state == "mitigated"


def test_an_expired_waiver_accepts_nothing_and_is_named() -> None:
    acceptance = accept(TARGET, [FIRST], date(2026, 2, 21))
    assert (acceptance.state, acceptance.reasons()) == (None, ["waiver W1 expired on 2026-02-20"])


def test_an_accepted_finding_says_by_whom_and_until_when() -> None:
    assert accept(replace(TARGET, cves=("CVE-2026-1",)), [FIRST], TODAY).reasons() == [
        "waived by W1 until 2026-02-20, owner ann, approved by bob: frozen until the audit"
    ]


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        (Scope(hosts=("web*",), packages=("openssl",)), True),
        (Scope(hosts=("web",), packages=("openssl",)), True),
        (Scope(hosts=("db*",), packages=("openssl",)), False),
        (Scope(packages=("nginx",)), False),
        (Scope(advisories=("DSA-1-*",)), True),
        (Scope(advisories=("DSA-2-*",)), False),
    ],
)
def test_a_scope_fits_by_host_group_package_and_advisory(scope: Scope, covers: bool) -> None:
    assert (accept(TARGET, [replace(FIRST, scope=scope)], TODAY).state == "waived") is covers


def test_an_advisory_without_cve_is_waived_by_its_own_id() -> None:
    target = replace(TARGET, cves=())
    assert accept(target, [replace(FIRST, scope=Scope(advisories=("DSA-1-1",)))], TODAY).state == "waived"
    assert accept(target, [FIRST], TODAY).state is None


def test_overlapping_waivers_are_reported_with_the_number_of_findings() -> None:
    again = replace(FIRST, id="W0")
    acceptances = [accept(TARGET, [FIRST, again], TODAY)]
    assert [notice.message for notice in notices([FIRST, again], acceptances, TODAY)] == [
        "W0 and W1 both cover 1 findings"
    ]


def test_expired_unused_and_soon_expiring_waivers_are_reported() -> None:
    soon = date(2026, 2, 10)
    expired = replace(FIRST, id="W3", until=date(2026, 1, 2))
    acceptances = [accept(TARGET, [FIRST], soon)]
    assert [
        (notice.code, notice.waivers) for notice in notices([expired, SECOND, FIRST], acceptances, soon)
    ] == [
        ("expires_soon", ("W1",)),
        ("expires_soon", ("W2",)),
        ("unused", ("W2",)),
        ("expired", ("W3",)),
    ]


@given(
    st.permutations([FIRST, SECOND, replace(FIRST, id="W9")]), st.dates(date(2025, 1, 1), date(2027, 1, 1))
)
def test_the_order_of_waivers_does_not_matter(waivers: list[Waiver], day: date) -> None:
    one, other = accept(TARGET, waivers, day), accept(TARGET, waivers[::-1], day)
    assert (one.state, one.uncovered, set(one.used)) == (other.state, other.uncovered, set(other.used))
