# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's assessment, from matched findings to due dates, states, ranks and the patch set."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import DueLedger
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.failures import failures_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import (
    Assessment,
    FleetAssessor,
    HostInput,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import host_facts
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import parse_policy
from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.model import Policy
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.assessment.fakes import (
    HOST,
    NOW,
    UPDATE,
    FakeDatabase,
    FakeMatcher,
    finding,
    host,
)

KEV = FakeDatabase(kev={"CVE-2026-1000": ("2026-06-05", "2026-06-26")})
HARMLESS = FakeDatabase()
LISTED = finding(kev={"cve": "CVE-2026-1000", "date_added": "2026-06-05"})
HEAD = "kind: patchops.policy\nschema: 1\n"
WAIVED = """
waivers:
  entries:
    - {id: W1, owner: ann, approver: bob, reason: frozen, control: proxy, scope: {packages: [openssl]},
       granted: 2026-06-01, until: 2026-06-20}
"""

WEB2 = HostKey("", "web2")


def assess(
    *hosts: HostInput,
    found: tuple[dict[str, Any], ...] = (LISTED,),
    policy: str = "",
    ledger: DueLedger | None = None,
    days_later: int = 0,
    complete: bool = True,
    database: FakeDatabase = KEV,
    failed: dict[str, frozenset[str]] | None = None,
) -> Assessment:
    assessor = FleetAssessor(
        FakeMatcher(*found, complete=complete),
        database,
        parse_policy(HEAD + policy, "policy.yml") if policy else Policy(),
        NOW + timedelta(days=days_later),
        ledger,
        failed,
    )
    return assessor.assess(hosts or (host(),))


def only(assessment: Assessment) -> dict[str, Any]:
    [found] = assessment.document["findings"]
    return dict(found)


def test_a_finding_gets_its_due_date_and_says_why() -> None:
    found = only(assess())
    assert (found["due"], found["overdue_days"]) == ("2026-06-19", 0)
    assert found["urgency"]["rule"] == "CISA BOD 26-04"
    assert found["urgency"]["kev_due_date"] == "2026-06-26"
    assert found["reasons"][-1]["code"] == "due"
    assert "counted from 2026-06-05 (KEV dateAdded)" in found["reasons"][-1]["message"]


@pytest.mark.parametrize(
    ("as_of", "status", "due"),
    [("2026-06-14", "current", None), ("2026-04-01", "stale", "2026-06-15"), (None, "missing", "2026-06-15")],
)
def test_without_a_current_catalogue_a_cve_counts_as_exploited(
    as_of: str | None, status: str, due: str | None
) -> None:
    unlisted = finding(in_kev=False if status == "current" else None)
    assessment = assess(found=(unlisted,), database=FakeDatabase(kev_as_of=as_of))
    assert only(assessment)["due"] == due
    assert assessment.document["intelligence"]["kev"]["status"] == status
    assert assessment.document["totals"]["exploited_unknown"] == (0 if status == "current" else 1)


@pytest.mark.parametrize("kind", ["bugfix", "enhancement"])
def test_a_bugfix_or_an_enhancement_without_a_cve_has_no_due_date(kind: str) -> None:
    exposed = host("web1", patchops_exposure="exposed")
    both = "urgency: {rules: [{preset: cisa_bod_26_04}, {preset: pci_dss_4_0_1_6_3_3}]}\n"
    for policy in ("", both):
        found = only(assess(exposed, found=(finding(type=kind, cves=[]),), policy=policy))
        assert (found["due"], found["state"]) == (None, "missing")
    assert only(assess(exposed, found=(finding(type=kind),)))["due"] is not None


def test_the_due_date_passes() -> None:
    found = only(assess(days_later=10))
    assert (found["overdue_days"], found["urgency_group"]) == (6, "overdue and exploited")
    assert found["rank_reason"].startswith("overdue and exploited, 6 days past 2026-06-19, not exposed")


def test_an_exposed_host_is_due_earlier_than_an_internal_one() -> None:
    hosts = (host("db1"), host("web1", patchops_exposure="exposed"))
    both = assess(*hosts, found=(finding(),), database=FakeDatabase())
    assert [(found["host"], found["due"]) for found in both.document["findings"]] == [
        ("web1", "2026-07-31"),
        ("db1", None),
    ]


def test_a_host_without_a_document_is_unknown_and_counted() -> None:
    assessment = assess(host("web1"), replace(host("gone"), document=None))
    assert assessment.document["totals"]["hosts"] == 2
    assert assessment.document["totals"]["unknown"] == 1
    row = next(found for found in assessment.document["findings"] if found["host"] == "gone")
    assert (row["state"], row["due"], row["reasons"][0]["code"]) == ("unknown", None, "not_scanned")


@pytest.mark.parametrize(
    "updates", [[{}], [UPDATE, {"name": "x"}], [None], 5, [{**UPDATE, "installed": None}]]
)
def test_a_malformed_document_makes_its_host_unknown_and_hides_no_other(updates: Any) -> None:
    broken = replace(host("web2"), document={**HOST, "updates": updates})
    assessment = assess(host("web1"), broken)
    assert {row["host"]: row["status"] for row in assessment.document["hosts"]} == {
        "web1": "not_compliant",
        "web2": "unknown",
    }
    assert len(assessment.document["updates"]) == 1


def test_a_host_whose_coverage_is_incomplete_is_not_compliant_but_unknown() -> None:
    assert assess(found=(), complete=False).document["hosts"][0]["status"] == "unknown"
    assert assess(found=(), complete=True).document["hosts"][0]["status"] == "compliant"


ELSEWHERE = """
judged_elsewhere:
  - {id: E1, origins: [Docker], owner: ann, reason: Docker Scout in the pipeline, until: 2026-06-20}
"""


def assess_uncovered(
    *uncovered: tuple[str, str], policy: str = "", days_later: int = 0, **more: Any
) -> Assessment:
    assessor = FleetAssessor(
        FakeMatcher(uncovered=uncovered, **more),
        KEV,
        parse_policy(HEAD + policy, "policy.yml"),
        NOW + timedelta(days=days_later),
    )
    return assessor.assess([host()])


def status_of(assessment: Assessment) -> str:
    [row] = assessment.document["hosts"]
    totals = assessment.document["totals"]
    assert totals[row["status"]] == 1
    statuses = ("compliant", "compliant_as_judged", "accepted", "not_compliant", "unknown")
    assert sum(totals[one] for one in statuses) == totals["hosts"] == 1
    return str(row["status"])


def test_a_host_with_a_package_that_no_feed_judges_is_compliant_only_as_far_as_judged() -> None:
    assessment = assess_uncovered(("docker-ce", "Docker"))
    assert status_of(assessment) == "compliant_as_judged"
    assert assessment.document["uncovered"] == [
        {"origin": "Docker", "packages": ["docker-ce"], "hosts": 1, "rows": 1, "accepted": 0}
    ]


def test_what_is_judged_elsewhere_by_the_policy_makes_it_compliant_and_is_counted() -> None:
    assessment = assess_uncovered(("docker-ce", "Docker"), policy=ELSEWHERE)
    [row] = assessment.document["hosts"]
    assert (status_of(assessment), row["coverage"]["accepted"]) == ("compliant", 1)
    assert row["coverage"]["uncovered"] == [{"package": "docker-ce", "origin": "Docker", "accepted": "E1"}]


def test_one_package_that_the_policy_does_not_name_is_enough() -> None:
    assessment = assess_uncovered(("docker-ce", "Docker"), ("nginx", "nginx.org"), policy=ELSEWHERE)
    assert status_of(assessment) == "compliant_as_judged"


def test_an_entry_of_the_policy_ends_and_says_so() -> None:
    assessment = assess_uncovered(("docker-ce", "Docker"), policy=ELSEWHERE, days_later=6)
    assert status_of(assessment) == "compliant_as_judged"
    assert assessment.document["waiver_notices"] == [
        {"code": "expired", "waivers": ("E1",), "message": "E1 (judged elsewhere) expired on 2026-06-20"}
    ]


def test_an_entry_that_covers_nothing_is_told() -> None:
    codes = [notice["code"] for notice in assess_uncovered(policy=ELSEWHERE).document["waiver_notices"]]
    assert codes == ["expires_soon", "unused"]


def test_a_repository_without_a_feed_is_unknown_until_the_policy_says_who_judges_it() -> None:
    gap = {"code": "feed_missing", "message": "almalinux:9, extras", "origin": "extras"}
    row = finding(package=None, advisory=None, cves=[], state="unknown", reasons=[gap])
    given: dict[str, Any] = {"complete": False, "reasons": (gap,)}
    policy = ELSEWHERE.replace("Docker]", "extras]")
    for text, wanted in (("", "unknown"), (policy, "compliant")):
        assessor = FleetAssessor(
            FakeMatcher(row, uncovered=(("epel-release", "extras"),), **given),
            KEV,
            parse_policy(HEAD + text, "policy.yml"),
            NOW,
        )
        assert status_of(assessor.assess([host()])) == wanted


def test_a_waived_finding_is_accepted_and_never_counted_as_compliant() -> None:
    assessment = assess(policy=WAIVED)
    found = only(assessment)
    assert (found["state"], found["waivers"], found["urgency_group"]) == ("waived", ["W1"], "accepted")
    assert assessment.document["totals"]["accepted"] == 1
    assert assessment.document["totals"]["compliant"] == 0


def test_an_expired_waiver_reopens_the_finding_on_its_clock_and_is_reported() -> None:
    assessment = assess(policy=WAIVED, days_later=10)
    assert (only(assessment)["state"], only(assessment)["overdue_days"]) == ("missing", 6)
    assert assessment.document["waiver_notices"] == [
        {"code": "expired", "waivers": ("W1",), "message": "W1 expired on 2026-06-20"}
    ]


def test_what_can_not_be_known_is_never_accepted() -> None:
    unknown = finding(state="unknown", kev=None)
    assert only(assess(found=(unknown,), policy=WAIVED))["state"] == "unknown"


def test_a_fix_that_is_installed_and_in_effect_is_closed() -> None:
    assessment = assess(found=(finding(state="installed", effective="yes"),))
    assert (only(assessment)["due"], only(assessment)["urgency_group"]) == (None, "closed")
    assert assessment.document["hosts"][0]["status"] == "compliant"


def test_a_fix_that_is_installed_but_not_in_effect_is_open_and_due() -> None:
    assessment = assess(found=({**LISTED, "state": "installed", "effective": "no"},))
    assert only(assessment)["due"] == "2026-06-19"
    assert assessment.document["hosts"][0]["status"] == "not_compliant"


def test_a_rejected_update_makes_the_finding_rejected() -> None:
    rejecting = "baseline:\n  reject:\n    - {packages: [libssl3], reason: breaks the proxy}\n"
    found = only(assess(policy=rejecting))
    assert found["state"] == "rejected"
    assert "rejected: breaks the proxy" in found["reasons"][1]["message"]


def test_a_failed_update_makes_the_finding_failed() -> None:
    report = {
        "hosts": [
            {"host": "web1", "outcome": {"class": "reverted"}, "changes": [{"name": "libssl3"}]},
            {"host": "web2", "outcome": {"class": "ok"}, "changes": [{"name": "libssl3"}]},
        ]
    }
    both = assess(host("web1"), host("web2"), failed=failures_of(report))
    assert {found["host"]: found["state"] for found in both.document["findings"]} == {
        "web1": "failed",
        "web2": "missing",
    }


def test_the_baseline_gives_the_patch_set_and_a_decision_for_each_update() -> None:
    assessment = assess()
    [member] = assessment.patch_set["platforms"]["debian-12-amd64"]["packages"]
    assert (member["name"], member["version"], member["security"]) == ("libssl3", "3.0.2", True)
    assert assessment.document["patch_set_id"] == assessment.patch_set["id"]
    assert assessment.document["updates"][0]["verdict"] == "approved"


def test_a_host_is_told_which_of_its_own_updates_are_approved() -> None:
    without = {**HOST, "updates": []}
    rows = assess(host("web1"), replace(host("web2"), document=without)).document["hosts"]
    assert {row["host"]: row["approved"] for row in rows} == {"web1": ["libssl3=3.0.2"], "web2": []}


def test_the_approval_delay_counts_from_the_first_sight_in_the_repository(tmp_path: Path) -> None:
    weekly = "baseline:\n  approve:\n    - {name: weekly, after_days: 7}\n"
    verdicts = []
    for day in (0, 6, 7):
        with DueLedger.open(tmp_path / "ledger.sqlite3") as ledger:
            found = assess(found=(finding(),), policy=weekly, ledger=ledger, days_later=day)
        verdicts.append(found.document["updates"][0]["verdict"])
    assert verdicts == ["delayed", "delayed", "approved"]


def test_a_known_exploited_vulnerability_passes_the_delay() -> None:
    weekly = "baseline:\n  approve:\n    - {name: weekly, after_days: 7}\n"
    assert assess(policy=weekly).document["updates"][0]["verdict"] == "approved"


def test_a_rollback_reopens_the_finding_on_its_first_clock(tmp_path: Path) -> None:
    dates = []
    for day, issued in ((0, "2026-06-01"), (30, "2026-07-10")):
        with DueLedger.open(tmp_path / "ledger.sqlite3") as ledger:
            found = assess(found=({**LISTED, "issued": issued},), ledger=ledger, days_later=day)
        dates.append(only(found)["due"])
    assert dates == ["2026-06-19", "2026-06-19"]
    assert "it moves later only by a recorded act" in only(found)["urgency"]["explanation"]


def test_an_update_that_gets_its_advisory_later_keeps_its_date(tmp_path: Path) -> None:
    nameless = finding(advisory=None, cves=[], issued=None)
    dates = []
    for day, found in ((0, nameless), (1, {**LISTED, "issued": "2026-06-16"})):
        with DueLedger.open(tmp_path / "ledger.sqlite3") as ledger:
            exposed = host("web1", patchops_exposure="exposed")
            assessment = assess(exposed, found=(found,), ledger=ledger, days_later=day, database=HARMLESS)
        dates.append(only(assessment)["due"])
    assert dates == ["2026-06-18", "2026-06-18"]


def test_the_next_update_without_an_advisory_has_a_clock_of_its_own(tmp_path: Path) -> None:
    dates = []
    for day, version in ((0, "3.0.2"), (100, "3.0.3")):
        nameless = finding(advisory=None, cves=[], issued=None, fixed=version)
        with DueLedger.open(tmp_path / "ledger.sqlite3") as ledger:
            exposed = host("web1", patchops_exposure="exposed")
            assessment = assess(exposed, found=(nameless,), ledger=ledger, days_later=day)
        dates.append(only(assessment)["due"])
    assert dates == ["2026-06-18", "2026-09-26"]


def test_a_recorded_extension_moves_the_due_date_and_ends_when_it_is_taken_away(tmp_path: Path) -> None:
    extended = """
urgency:
  acts:
    - {kind: extend, scope: {packages: [openssl]}, by: ann, approver: bob, reason: faulty fix,
       at: 2026-06-10, due: 2026-09-01}
"""
    dates = []
    for policy in ("", extended, ""):
        with DueLedger.open(tmp_path / "ledger.sqlite3") as ledger:
            dates.append(only(assess(policy=policy, ledger=ledger))["due"])
    assert dates == ["2026-06-19", "2026-09-01", "2026-06-19"]


def test_the_documents_of_fleet_and_hosts_are_readable_as_findings() -> None:
    assessment = assess(host("web1"), host("web2"))
    assert read_document(assessment.document, "patchops.findings")["host"] is None
    assert (
        read_document(assessment.host_documents[WEB2], "patchops.findings")["findings"][0]["host"] == "web2"
    )


def test_the_order_of_hosts_does_not_matter() -> None:
    hosts = [host(f"web{number}") for number in range(5)]
    shuffled = random.Random(1).sample(hosts, 5)  # noqa: S311 - an order, not a secret
    one, other = assess(*hosts), assess(*shuffled)
    assert one.document["findings"] == other.document["findings"]
    assert one.patch_set == other.patch_set


DAY_OF_2026 = st.integers(1, 28).map(lambda day: f"2026-05-{day:02}")
WORLDS = st.tuples(
    st.sampled_from(["exposed", "internal", "unknown"]),
    DAY_OF_2026,
    st.none() | DAY_OF_2026,
    st.sampled_from(["low", "critical", "unknown"]),
    st.sampled_from(["missing", "no_fix"]),
    st.sampled_from(["", "urgency: {rules: [{name: own, within: {low: 30 days, high: 9 days}}]}\n"]),
)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(WORLDS, min_size=2, max_size=5))
def test_whatever_changes_from_day_to_day_no_due_date_moves_later_without_an_act(
    worlds: list[tuple[str, str, str | None, str, str, str]],
) -> None:
    dates = []
    with tempfile.TemporaryDirectory() as directory:
        for day, (exposure, issued, listed, severity, state, policy) in enumerate(worlds):
            with DueLedger.open(Path(directory) / "ledger.sqlite3") as ledger:
                found = assess(
                    host("web1", patchops_exposure=exposure),
                    found=(finding(issued=issued, severity=severity, state=state),),
                    database=FakeDatabase(kev={"CVE-2026-1000": (listed, listed)} if listed else {}),
                    policy=policy,
                    ledger=ledger,
                    days_later=day,
                )
            dates.append(only(found)["due"] or "9999-12-31")
    assert dates == sorted(dates, reverse=True)


def test_hosts_of_one_name_are_judged_by_their_own_documents() -> None:
    prod, staging = (
        HostInput(host_facts("web1", inventory=inventory), HOST) for inventory in ("prod", "staging")
    )
    assessment = assess(prod, staging)
    assert sorted(assessment.host_documents) == [HostKey("prod", "web1"), HostKey("staging", "web1")]
    assert {row["inventory"] for row in assessment.document["hosts"]} == {"prod", "staging"}
    assert {found["inventory"] for found in assessment.document["findings"]} == {"prod", "staging"}


def test_an_update_that_failed_on_a_host_says_nothing_of_its_namesake() -> None:
    report = {
        "inventory": "prod",
        "hosts": [{"host": "web1", "outcome": {"class": "failed"}, "changes": [{"name": "libssl3"}]}],
    }
    both = assess(
        HostInput(host_facts("web1", inventory="prod"), HOST),
        HostInput(host_facts("web1", inventory="staging"), HOST),
        failed=failures_of(report),
    )
    states = {found["inventory"]: found["state"] for found in both.document["findings"]}
    assert states == {"prod": "failed", "staging": "missing"}
