# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pending updates a baseline approves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.decide import decide, newest
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import (
    Approve,
    Baseline,
    Pin,
    Reject,
    Update,
)

TODAY = date(2026, 6, 15)
OPENSSL = Update(
    platform="debian-12-amd64",
    name="openssl",
    arch="amd64",
    version="3.0.2",
    source="openssl",
    origin="Debian",
    suite="stable-security",
    classification="security",
    severity="high",
    exploited=False,
    first_seen=date(2026, 6, 10),
    waiting_since=date(2026, 6, 10),
)
LIBSSL = replace(OPENSSL, name="libssl3")
CURL = replace(OPENSSL, name="curl", source="curl", version="8.1", requires=frozenset({"libssl3"}))
TZDATA = replace(OPENSSL, name="tzdata", source="tzdata", classification="bugfix", severity=None)
WEEK = Baseline(approve=(Approve("after a week", classifications=("security",), after=7),))


def verdicts(baseline: Baseline, *updates: Update, today: date = TODAY) -> dict[str, str]:
    return {decision.update.name: decision.verdict for decision in decide(baseline, updates, today)}


def test_without_rules_security_updates_are_approved_at_once_and_others_are_not_selected() -> None:
    assert verdicts(Baseline(), OPENSSL, TZDATA) == {"openssl": "approved", "tzdata": "not_selected"}


def test_an_update_waits_until_it_was_seen_long_enough_and_says_until_when() -> None:
    [decision] = decide(WEEK, [OPENSSL], TODAY)
    assert (decision.verdict, decision.approved_on) == ("delayed", date(2026, 6, 17))
    assert decision.reason == "after a week: seen since 2026-06-10, approved after 7 days"
    assert verdicts(WEEK, OPENSSL, today=date(2026, 6, 17)) == {"openssl": "approved"}


def test_a_known_exploited_vulnerability_passes_the_delay() -> None:
    assert verdicts(WEEK, replace(OPENSSL, exploited=True)) == {"openssl": "approved"}


def test_a_policy_can_take_that_privilege_away() -> None:
    strict = replace(WEEK, kev_at_once=False)
    assert verdicts(strict, replace(OPENSSL, exploited=True)) == {"openssl": "delayed"}


def test_a_package_that_is_re_issued_again_and_again_is_approved_in_the_end() -> None:
    aged = Baseline(approve=(Approve("two weeks", after=14, max_age=30),))
    restless = replace(OPENSSL, first_seen=date(2026, 6, 14), waiting_since=date(2026, 5, 10))
    [decision] = decide(aged, [restless], TODAY)
    assert decision.verdict == "approved"
    assert "the newest is approved after 30 days whatever is re-issued" in decision.reason


def test_the_rule_with_the_earliest_day_counts() -> None:
    both = Baseline(approve=(*WEEK.approve, Approve("critical ones", severities=("critical",))))
    assert verdicts(both, replace(OPENSSL, severity="critical"), LIBSSL) == {
        "openssl": "approved",
        "libssl3": "delayed",
    }


def test_an_update_of_unknown_severity_fits_a_rule_for_severities() -> None:
    rule = Baseline(approve=(Approve("severe ones", severities=("critical", "high")),))
    assert verdicts(rule, TZDATA, replace(OPENSSL, severity="low")) == {
        "tzdata": "approved",
        "openssl": "not_selected",
    }


def test_a_pin_holds_every_other_version() -> None:
    pinned = Baseline(pin=(Pin("openssl", "3.0.1", "FIPS certificate"),))
    [decision] = decide(pinned, [OPENSSL], TODAY)
    assert (decision.verdict, decision.reason) == ("pinned", "pinned to 3.0.1: FIPS certificate")
    assert verdicts(pinned, replace(OPENSSL, version="3.0.1")) == {"openssl": "approved"}


def test_a_rejection_takes_the_whole_source_and_what_needs_it() -> None:
    rejecting = Baseline(reject=(Reject(("libssl3",), "breaks the proxy"),))
    assert verdicts(rejecting, OPENSSL, LIBSSL, CURL) == {
        "openssl": "rejected",
        "libssl3": "rejected",
        "curl": "rejected",
    }


def test_a_rejection_without_dependencies_takes_only_what_it_names() -> None:
    rejecting = Baseline(reject=(Reject(("libssl3",), "breaks the proxy", with_dependencies=False),))
    assert verdicts(rejecting, LIBSSL, CURL) == {"libssl3": "rejected", "curl": "approved"}


def test_a_rejection_of_one_version_lets_the_next_pass() -> None:
    rejecting = Baseline(reject=(Reject(("openssl",), "crashes", versions=("3.0.2",)),))
    assert verdicts(rejecting, replace(OPENSSL, version="3.0.3")) == {"openssl": "approved"}


def test_a_rejection_ends_after_its_last_day() -> None:
    rejecting = Baseline(reject=(Reject(("openssl",), "freeze", until=date(2026, 6, 14)),))
    assert verdicts(rejecting, OPENSSL) == {"openssl": "approved"}


def test_a_rejection_stands_over_a_known_exploited_vulnerability_and_says_so() -> None:
    rejecting = Baseline(reject=(Reject(("openssl",), "crashes"),))
    [decision] = decide(rejecting, [replace(OPENSSL, exploited=True)], TODAY)
    assert (decision.verdict, decision.reason) == (
        "rejected",
        "rejected: crashes; it fixes a known exploited vulnerability",
    )


def test_of_two_versions_on_one_platform_only_the_newest_stays() -> None:
    older = replace(OPENSSL, version="3.0.1")
    decided = decide(Baseline(), [older, OPENSSL], TODAY)
    kept = newest(decided, lambda one, other: one.version > other.version)
    assert [(decision.update.version, decision.verdict) for decision in kept] == [
        ("3.0.1", "not_selected"),
        ("3.0.2", "approved"),
    ]


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
UPDATES = st.lists(
    st.builds(
        replace,
        st.sampled_from([OPENSSL, LIBSSL, CURL, TZDATA]),
        first_seen=DAYS,
        waiting_since=st.just(date(2026, 1, 1)),
        exploited=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda update: update.key,
)
RULES = st.builds(
    Approve,
    name=st.just("rule"),
    classifications=st.sampled_from([(), ("security",), ("bugfix",)]),
    after=st.integers(0, 60),
    max_age=st.none() | st.integers(0, 90),
)
BASELINES = st.builds(
    Baseline,
    approve=st.lists(RULES, max_size=3).map(tuple),
    reject=st.sampled_from([(), (Reject(("libssl3",), "no"),), (Reject(("curl",), "no"),)]),
)


def approved(baseline: Baseline, updates: list[Update], today: date) -> set[str]:
    return {each.update.name for each in decide(baseline, updates, today) if each.verdict == "approved"}


@given(BASELINES, UPDATES, DAYS)
def test_the_order_of_updates_and_rules_does_not_matter(
    baseline: Baseline, updates: list[Update], today: date
) -> None:
    turned = replace(baseline, approve=baseline.approve[::-1])
    assert approved(baseline, updates, today) == approved(turned, updates[::-1], today)
    assert decide(baseline, updates, today) == decide(baseline, updates[::-1], today)


@given(BASELINES, RULES, UPDATES, DAYS)
def test_a_further_approving_rule_never_takes_an_approval_away(
    baseline: Baseline, more: Approve, updates: list[Update], today: date
) -> None:
    wider = replace(baseline, approve=(*baseline.approve, more))
    assert approved(baseline, updates, today) <= approved(wider, updates, today)


@given(BASELINES, UPDATES, DAYS, st.integers(0, 100))
def test_what_is_approved_stays_approved_as_days_pass(
    baseline: Baseline, updates: list[Update], today: date, days: int
) -> None:
    assert approved(baseline, updates, today) <= approved(baseline, updates, today + timedelta(days=days))


@given(BASELINES, UPDATES, DAYS)
def test_an_entry_in_kev_never_takes_an_approval_away(
    baseline: Baseline, updates: list[Update], today: date
) -> None:
    listed = [replace(update, exploited=True) for update in updates]
    assert approved(baseline, updates, today) <= approved(baseline, listed, today)
