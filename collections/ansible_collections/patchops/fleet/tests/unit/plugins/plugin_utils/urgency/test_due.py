# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Due dates: which rule, counted from when, and what may move them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.due import (
    Act,
    Due,
    Promise,
    decide,
    obligations,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.explain import (
    due_document,
    explain,
    obligations_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import (
    Fix,
    HostContext,
    Vulnerability,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.presets import PRESETS
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.rules import (
    Assumptions,
    Condition,
    Rule,
    SeverityRule,
    Subject,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.spans import Span

FIXED = date(2026, 3, 1)
WITH_FIX = Fix(True, FIXED)
INTERNAL = HostContext(exposed=False, criticality="medium")
QUIET = Vulnerability("CVE-2026-1", severity="low", automatable=False, technical_impact="partial")


def preset(name: str) -> Rule:
    return PRESETS[name](Assumptions(), Condition())


def subject(
    vulnerability: Vulnerability = QUIET,
    fix: Fix = WITH_FIX,
    host: HostContext = INTERNAL,
    first_seen: date = date(2026, 3, 10),
) -> Subject:
    return Subject(vulnerability, fix, host, first_seen)


def due_of(*subjects: Subject, rules: tuple[str, ...] = ("cisa_bod_26_04",)) -> Due:
    return decide(obligations([preset(rule) for rule in rules], subjects))


def test_nothing_that_speaks_for_hurry_is_fixed_at_the_next_upgrade_without_a_date() -> None:
    due = due_of(subject())
    assert due.day is None
    assert "at the next scheduled major upgrade or rebuild, no calendar date" in explain(due)


def test_a_kev_entry_after_the_fix_starts_the_clock_on_its_day() -> None:
    due = due_of(subject(replace(QUIET, kev_added=date(2026, 4, 1))))
    assert due.day == date(2026, 4, 15)
    assert "counted from 2026-04-01 (KEV dateAdded)" in explain(due)


def test_a_fix_after_the_kev_entry_starts_the_clock_on_the_day_of_the_fix() -> None:
    due = due_of(subject(replace(QUIET, kev_added=date(2026, 1, 1))))
    assert due.day == date(2026, 3, 15)
    assert "counted from 2026-03-01 (vendor's fix)" in explain(due)


def test_unknown_exposure_counts_as_exposed() -> None:
    due = due_of(subject(host=HostContext(exposed=None)))
    assert due.day == FIXED + timedelta(days=60)
    assert "exposed: yes (unknown counts as exposed)" in explain(due)


def test_exposure_that_began_later_starts_its_own_clock() -> None:
    exposed = HostContext(exposed=True, exposed_since=date(2026, 5, 1))
    assert due_of(subject(host=exposed)).day == date(2026, 6, 30)


def test_what_was_due_before_the_exposure_stays_due_then() -> None:
    exposed = HostContext(exposed=True, exposed_since=date(2026, 5, 1))
    due = due_of(subject(replace(QUIET, kev_added=date(2026, 3, 1)), host=exposed))
    assert due.day == date(2026, 3, 15)
    assert "as_of: when only these held: in_kev" in explain(due)


def test_a_catalogue_that_is_not_known_counts_as_listing_the_cve() -> None:
    gap = replace(QUIET, kev_gap="the KEV catalogue is not imported")
    due = due_of(subject(gap))
    assert due.day == date(2026, 3, 15)
    assert "in_kev: unknown (counts as yes: the KEV catalogue is not imported)" in explain(due)


def test_what_a_stale_catalogue_lists_counts_from_its_day() -> None:
    listed = replace(QUIET, kev_added=date(2026, 4, 1), kev_gap="the KEV catalogue is of 2026-04-02")
    assert due_of(subject(listed)).day == date(2026, 4, 15)


def test_cisas_own_date_is_now_where_the_catalogue_is_not_known() -> None:
    gap = replace(QUIET, kev_gap="the KEV catalogue is not imported")
    assert due_of(subject(gap), rules=("cisa_bod_22_01",)).day == FIXED
    assert due_of(subject(gap, fix=Fix(False)), rules=("cisa_bod_22_01",)).day == date(2026, 3, 10)


@given(
    st.sampled_from(["cisa_bod_26_04", "cisa_bod_22_01", "cisa_bod_19_02", "pci_dss_4_0_1_6_3_3"]),
    st.integers(0, 90),
    st.sampled_from([True, False]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, "partial", "total"]),
    st.booleans(),
)
def test_losing_the_catalogue_never_gives_more_time(
    rule: str, later: int, automatable: bool, exposed: bool | None, impact: str | None, listed: bool
) -> None:
    added = FIXED + timedelta(days=later) if listed else None
    known = replace(
        QUIET,
        automatable=automatable,
        technical_impact=impact,
        kev_added=added,
        kev_due=added + timedelta(days=21) if added else None,
    )
    lost = replace(known, kev_added=None, kev_due=None, kev_gap="the KEV catalogue is not imported")
    host = HostContext(exposed)
    before, after = (due_of(subject(one, host=host), rules=(rule,)) for one in (known, lost))
    assert (after.day or date.max) <= (before.day or date.max)
    assert set(before.obligations.forensic) <= set(after.obligations.forensic)


def test_what_is_no_vulnerability_has_no_due_date_and_says_so() -> None:
    due = decide(obligations([preset("cisa_bod_26_04"), preset("pci_dss_4_0_1_6_3_3")], ()))
    assert (due.day, explain(due)) == (None, "it fixes no vulnerability, so no deadline of one applies")


@pytest.mark.parametrize(("vulnerability", "day"), [("ALBA-1", None), ("CVE-2026-1", FIXED)])
def test_a_date_that_a_bugfix_got_by_mistake_is_dropped_and_that_of_a_cve_is_kept(
    vulnerability: str, day: date | None
) -> None:
    promise = Promise(FIXED, FIXED, FIXED, {"vulnerability": vulnerability})
    assert decide(obligations([preset("cisa_bod_26_04")], ()), promise).day == day


def test_missing_ssvc_points_count_as_the_worst_and_say_so() -> None:
    due = due_of(subject(Vulnerability("CVE-2026-2", kev_added=FIXED)))
    assert due.day == date(2026, 3, 4)
    assert "technical_impact: total (assumed: no SSVC point known)" in explain(due)


def test_the_worst_row_asks_for_a_forensic_investigation() -> None:
    worst = Vulnerability("CVE-2026-3", kev_added=FIXED, automatable=True, technical_impact="total")
    assert due_of(subject(worst, host=HostContext(True))).obligations.forensic == ("CVE-2026-3",)


def test_an_entry_of_the_catalogue_can_ask_for_a_forensic_investigation_itself() -> None:
    listed = replace(QUIET, kev_added=FIXED, kev_forensics=True)
    assert due_of(subject(listed)).obligations.forensic == ("CVE-2026-1",)


def test_without_a_fix_the_clock_has_not_started() -> None:
    due = due_of(subject(replace(QUIET, kev_added=FIXED), fix=Fix(False)))
    assert due.day is None
    assert "the clock starts with the vendor's fix; there is none yet" in explain(due)


def test_a_fix_of_unknown_day_is_counted_from_the_first_sight() -> None:
    due = due_of(subject(replace(QUIET, kev_added=date(2026, 1, 1)), fix=Fix(True)))
    assert due.day == date(2026, 3, 24)
    assert "first seen (the day of the vendor's fix is unknown)" in explain(due)


def test_bod_22_01_takes_the_catalogues_own_date_even_without_a_fix_and_is_labelled_revoked() -> None:
    listed = replace(QUIET, kev_added=date(2026, 3, 1), kev_due=date(2026, 3, 22))
    due = due_of(subject(listed, fix=Fix(False)), rules=("cisa_bod_22_01",))
    assert due.day == date(2026, 3, 22)
    assert "CISA BOD 22-01 (revoked by CISA BOD 26-04 on 2026-06-10)" in explain(due)


@pytest.mark.parametrize(("severity", "days"), [("critical", 15), ("high", 30)])
def test_bod_19_02_counts_from_detection_on_exposed_hosts(severity: str, days: int) -> None:
    found = subject(replace(QUIET, severity=severity), host=HostContext(True))
    assert due_of(found, rules=("cisa_bod_19_02",)).day == date(2026, 3, 10) + timedelta(days=days)


def test_pci_gives_one_calendar_month_to_critical_ones_and_three_to_the_others() -> None:
    assert due_of(subject(replace(QUIET, severity="critical")), rules=("pci_dss_4_0_1_6_3_3",)).day == date(
        2026, 4, 1
    )
    assert due_of(subject(), rules=("pci_dss_4_0_1_6_3_3",)).day == date(2026, 6, 1)


def test_the_earliest_of_several_rules_governs_and_the_others_are_shown() -> None:
    found = subject(replace(QUIET, severity="critical", kev_added=FIXED))
    due = due_of(found, rules=("pci_dss_4_0_1_6_3_3", "cisa_bod_26_04"))
    document = due_document(due, obligations_document(due.obligations))
    assert (document["rule"], document["due"]) == ("CISA BOD 26-04", "2026-03-15")
    assert [(other["rule"], other["due"]) for other in document["also"]] == [
        ("PCI DSS 4.0.1 6.3.3", "2026-04-01")
    ]


def test_the_catalogues_date_is_shown_where_it_disagrees() -> None:
    due = due_of(subject(replace(QUIET, kev_added=FIXED, kev_due=date(2026, 3, 22))))
    document = due_document(due, obligations_document(due.obligations))
    assert (document["due"], document["kev_due_date"], document["kev_due_date_differs"]) == (
        "2026-03-15",
        "2026-03-22",
        True,
    )
    assert "CISA's catalogue itself says 2026-03-22" in document["explanation"]


def test_a_finding_that_comes_back_keeps_its_first_date() -> None:
    first = Promise(date(2026, 3, 15), date(2026, 3, 1), date(2026, 3, 1))
    reopened = obligations([preset("cisa_bod_26_04")], [subject(fix=Fix(True, date(2026, 9, 1)))])
    due = decide(reopened, first)
    assert due.day == date(2026, 3, 15)
    assert "it moves later only by a recorded act" in explain(due)


def test_a_recorded_extension_moves_the_date_and_is_named() -> None:
    act = Act("extend", "ann", "bob", "vendor confirms a faulty fix", date(2026, 3, 9), date(2026, 5, 1))
    due = decide(
        obligations([preset("cisa_bod_26_04")], [subject(replace(QUIET, kev_added=FIXED))]), acts=[act]
    )
    assert due.day == date(2026, 5, 1)
    assert "moved to 2026-05-01, extended by ann, approved by bob" in explain(due)


def test_a_recorded_recalculation_lets_the_rules_of_today_speak() -> None:
    promise = Promise(date(2026, 3, 15), date(2026, 3, 1), date(2026, 3, 1))
    act = Act("recalculate", "ann", "bob", "host was never exposed", date(2026, 3, 20))
    assert decide(obligations([preset("cisa_bod_26_04")], [subject()]), promise, [act]).day is None


def test_an_older_recalculation_does_not_release_a_newer_promise() -> None:
    promise = Promise(date(2026, 3, 15), date(2026, 3, 21), date(2026, 3, 1))
    act = Act("recalculate", "ann", "bob", "host was never exposed", date(2026, 3, 20))
    assert decide(obligations([preset("cisa_bod_26_04")], [subject()]), promise, [act]).day == date(
        2026, 3, 15
    )


def test_a_due_date_is_overdue_from_the_next_day() -> None:
    due = due_of(subject(replace(QUIET, kev_added=FIXED)))
    assert due.overdue_days(date(2026, 3, 15)) == 0
    assert due.overdue_days(date(2026, 3, 16)) == 1


def test_a_rule_for_critical_hosts_holds_where_the_criticality_is_unknown() -> None:
    when = Condition(criticality_at_least="high")
    assert when.holds(HostContext(criticality=None), frozenset())
    assert when.holds(HostContext(criticality="critical"), frozenset())
    assert not when.holds(HostContext(criticality="medium"), frozenset())


def test_a_rule_for_a_group_holds_for_its_members_only() -> None:
    when = Condition(groups=("cardholder",))
    assert when.holds(INTERNAL, frozenset({"cardholder", "web"}))
    assert not when.holds(INTERNAL, frozenset({"web"}))


DAYS = st.dates(date(2024, 1, 1), date(2027, 1, 1))
MAYBE_DAY = st.none() | DAYS
VULNERABILITIES = st.builds(
    Vulnerability,
    id=st.sampled_from(["CVE-2026-1", "CVE-2026-2"]),
    severity=st.sampled_from([None, "low", "medium", "high", "critical"]),
    kev_added=MAYBE_DAY,
    automatable=st.sampled_from([None, True, False]),
    technical_impact=st.sampled_from([None, "partial", "total"]),
)
HOSTS = st.builds(
    HostContext,
    exposed=st.sampled_from([None, True, False]),
    exposed_since=MAYBE_DAY,
    criticality=st.sampled_from([None, "low", "high"]),
).filter(lambda host: host.exposed is True or host.exposed_since is None)
SUBJECTS = st.builds(
    Subject,
    vulnerability=VULNERABILITIES,
    fix=st.builds(Fix, st.just(True), MAYBE_DAY),
    host=HOSTS,
    first_seen=DAYS,
)
RULES = st.sampled_from(
    [
        preset("cisa_bod_26_04"),
        preset("pci_dss_4_0_1_6_3_3"),
        SeverityRule("own", {"critical": Span(7, "day"), "medium": Span(45, "day")}),
    ]
)
FAR = date.max


def settled(due: Due) -> date:
    return due.day or FAR


@given(st.lists(RULES, max_size=3), RULES, SUBJECTS)
def test_adding_a_rule_never_makes_it_later(rules: list[Rule], more: Rule, found: Subject) -> None:
    assert settled(decide(obligations([*rules, more], [found]))) <= settled(
        decide(obligations(rules, [found]))
    )


@given(st.lists(RULES, max_size=3), SUBJECTS, MAYBE_DAY)
def test_adding_exposure_never_makes_it_later(rules: list[Rule], found: Subject, since: date | None) -> None:
    internal = replace(found, host=replace(found.host, exposed=False, exposed_since=None))
    exposed = replace(found, host=replace(found.host, exposed=True, exposed_since=since))
    assert settled(decide(obligations(rules, [exposed]))) <= settled(decide(obligations(rules, [internal])))


@given(st.lists(RULES, max_size=3), SUBJECTS, DAYS)
def test_a_kev_entry_never_makes_it_later(rules: list[Rule], found: Subject, added: date) -> None:
    without = replace(found, vulnerability=replace(found.vulnerability, kev_added=None))
    listed = replace(found, vulnerability=replace(found.vulnerability, kev_added=added))
    assert settled(decide(obligations(rules, [listed]))) <= settled(decide(obligations(rules, [without])))


@given(st.lists(RULES, max_size=3), st.lists(SUBJECTS, min_size=1, max_size=3), SUBJECTS)
def test_a_further_vulnerability_never_makes_it_later(
    rules: list[Rule], found: list[Subject], more: Subject
) -> None:
    assert settled(decide(obligations(rules, [*found, more]))) <= settled(decide(obligations(rules, found)))


@given(st.lists(RULES, max_size=3), SUBJECTS, DAYS, DAYS)
def test_without_an_act_it_never_moves_later_than_promised(
    rules: list[Rule], found: Subject, promised: date, recorded: date
) -> None:
    promise = Promise(promised, recorded, recorded)
    assert settled(decide(obligations(rules, [found]), promise)) <= promised


@given(
    st.permutations([preset("cisa_bod_26_04"), preset("pci_dss_4_0_1_6_3_3")]), st.lists(SUBJECTS, max_size=4)
)
def test_the_order_of_rules_and_vulnerabilities_does_not_matter(
    rules: list[Rule], found: list[Subject]
) -> None:
    assert settled(decide(obligations(rules, found))) == settled(
        decide(obligations(rules[::-1], found[::-1]))
    )
