# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from patchops.calendars.model import Calendar, read_calendar
from patchops.policy.model import Amount, Cycle, Install, RolloutPolicy
from patchops.policy.placement import Candidate, Placement, Standing, place
from patchops.rollout.emergency import Reach, emergency, reach
from patchops.rollout.plan import CyclePlan, cell_of, late, missed_hosts, plan_cycle
from patchops.rollout.simulate import simulate
from patchops.rollout.timetable import Times, next_start, schedules
from tests.unit.rollout.world import cycle, percent, ring

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def calendar(**data: str) -> Calendar:
    found, problems = read_calendar(data, "calendars.it", Path(), "Europe/Berlin", NOW.date())
    assert not problems
    assert found is not None
    return found


NIGHTS = calendar(rrule="FREQ=DAILY", start="22:00", duration="8h", timezone="host")
PATCHED = calendar(rrule="FREQ=MONTHLY;BYDAY=2TU", plus="3d", start="20:00", duration="6h")
YEAR_END = calendar(**{"from": "2026-03-10", "until": "2026-03-20", "reason": "audit"})


def policy(one: Cycle) -> RolloutPolicy:
    calendars = {"nights": NIGHTS, "patched": PATCHED, "year_end": YEAR_END}
    return RolloutPolicy(BERLIN, calendars, cycles={one.name: one})


def hosts(
    of: Mapping[str, list[str]], platform: str | None = "debian-12", **variables: Any
) -> tuple[list[Candidate], dict[str, list[str]]]:
    names = [name for some in of.values() for name in some]
    return [Candidate(HostKey("prod", name), variables, platform, True) for name in names], dict(of)


def planned(one: Cycle, placement: Placement, at: datetime | None = None) -> CyclePlan:
    return plan_cycle(policy(one), one, placement, NOW, at)


MONTHLY = cycle(
    ring("canary", soak=DAY),
    ring("broad", batches=(Amount(1), percent(100))),
    starts="patched",
    windows=("nights",),
    freezes=("year_end",),
    cutoff=HOUR,
    deadline=14 * DAY,
)


def test_a_plan_starts_when_its_calendar_says_next() -> None:
    """The second Tuesday of March 2026 is the 10th; three days later is the 13th, 20:00 in Berlin."""
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b", "c", "d"]}))
    plan = planned(MONTHLY, placement)
    assert plan.starts == datetime(2026, 3, 13, 19, 0, tzinfo=timezone.utc)
    assert plan.deadline == plan.starts + 14 * DAY


def test_a_plan_names_batches_worst_case_and_first_window_of_each_ring() -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b", "c", "d"]}))
    canary, broad = planned(MONTHLY, placement).rings
    assert (canary.batches, broad.batches) == ((1,), (1, 2))
    assert canary.first_window == datetime(2026, 3, 19, 23, 0, tzinfo=timezone.utc), "after the freeze"


def test_a_plan_names_platforms_that_the_first_ring_does_not_prove() -> None:
    candidates, members = hosts({"canary": ["a"], "broad": ["b"]})
    rocky, _members = hosts({"broad": ["r"]}, platform="rocky-9")
    placement = place(MONTHLY, BERLIN, [*candidates, *rocky], {**members, "broad": ["b", "r"]})
    plan = planned(MONTHLY, placement)
    assert plan.rings[1].unproven == {"rocky-9": 1}
    assert plan.rings[1].batches == (1,)


@pytest.mark.parametrize(
    ("day", "length"),
    [(datetime(2026, 3, 28, tzinfo=timezone.utc), 7), (datetime(2026, 10, 24, tzinfo=timezone.utc), 7)],
)
def test_a_window_in_the_night_of_a_clock_change_lasts_as_long_as_ever(day: datetime, length: int) -> None:
    found = schedules(policy(MONTHLY), MONTHLY, [Times("Europe/Berlin")], day, day + 2 * DAY)["Europe/Berlin"]
    night = next(period for period in found if period.begin.date() == day.date())
    assert night.end - night.begin == length * HOUR, "eight hours less the cutoff"


def test_hosts_of_two_zones_have_windows_of_their_own() -> None:
    found = schedules(
        policy(MONTHLY), MONTHLY, [Times("Europe/Berlin"), Times("Asia/Tokyo")], NOW, NOW + 2 * DAY
    )
    begins = {zone: periods[1].begin.hour for zone, periods in found.items()}
    assert begins == {"Europe/Berlin": 21, "Asia/Tokyo": 13}


def test_a_cycle_without_windows_may_always_change_hosts_but_in_a_freeze() -> None:
    one = cycle(ring(), freezes=("year_end",))
    first, second = schedules(policy(one), one, [Times("Europe/Berlin")], NOW, NOW + 60 * DAY)[
        "Europe/Berlin"
    ]
    assert first.end == datetime(2026, 3, 9, 23, 0, tzinfo=timezone.utc)
    assert second.begin == datetime(2026, 3, 19, 23, 0, tzinfo=timezone.utc)


def test_a_cycle_that_is_started_by_hand_starts_when_it_is_asked_for() -> None:
    one = cycle(ring())
    assert next_start(policy(one), one, NOW, NOW + 60 * DAY) is None
    placement = place(one, BERLIN, *hosts({"canary": ["a"]}))
    assert planned(one, placement).starts == NOW
    assert planned(one, placement, NOW + DAY).starts == NOW + DAY


def test_the_windows_and_freezes_of_a_host_narrow_those_of_its_cycle() -> None:
    own = {"start": "23:00", "duration": "2h", "timezone": "Europe/Berlin"}
    frozen = {"from": "2026-03-02", "until": "2026-03-03", "timezone": "Europe/Berlin"}
    candidates, members = hosts({"canary": ["a"], "broad": ["b"]})
    variables = {"patchops_window": own, "patchops_freeze": frozen}
    narrowed = [replace(candidates[0], variables=variables), candidates[1]]
    placement = place(MONTHLY, BERLIN, narrowed, members)
    plan = planned(MONTHLY, placement, datetime(2026, 3, 1, 20, 0, tzinfo=timezone.utc))
    mine = plan.view.schedules[cell_of(placement.hosts[0]).schedule]
    assert [(one.begin, one.end) for one in mine[:2]] == [
        (datetime(2026, 3, 1, 22, 0, tzinfo=timezone.utc), datetime(2026, 3, 1, 23, 0, tzinfo=timezone.utc)),
        (datetime(2026, 3, 3, 22, 0, tzinfo=timezone.utc), datetime(2026, 3, 3, 23, 0, tzinfo=timezone.utc)),
    ]


def test_a_window_of_a_host_that_has_no_form_refuses_the_host() -> None:
    candidates, members = hosts({"canary": ["a"], "broad": ["b"]})
    wrong = replace(candidates[1], variables={"patchops_window": "at night"})
    placement = place(MONTHLY, BERLIN, [candidates[0], wrong], members)
    assert placement.hosts[1].standing is Standing.REFUSED
    assert placement.hosts[1].reason.startswith("patchops_window: a window is a mapping")


def test_hosts_that_were_not_scanned_are_a_platform_of_their_own() -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b"]}, platform=None))
    assert planned(MONTHLY, placement).rings[0].platforms == {"not scanned yet": 1}


def finding(host: str, due: str | None, state: str = "missing") -> dict[str, Any]:
    return {"host": host, "inventory": "prod", "state": state, "due": due, "advisory": "DSA-1"}


def test_due_dates_before_the_ring_is_patched_are_missed() -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b", "c"]}))
    plan = planned(MONTHLY, placement)
    course = simulate(plan.view, plan.starts + 100 * DAY)
    rows = [
        finding("b", "2026-03-15"),
        finding("c", "2026-03-15"),
        finding("a", "2026-12-01"),
        finding("a", None),
        finding("b", "2026-03-01", state="installed"),
        finding("elsewhere", "2026-03-01"),
    ]
    (missed,) = late(plan, course, placement, rows)
    assert (missed.ring, missed.what, missed.hosts) == ("broad", "DSA-1", 2)


def test_a_course_counts_the_hosts_that_it_leaves_unpatched() -> None:
    one = cycle(ring(), windows=("nights",), freezes=("year_end",), deadline=2 * DAY)
    placement = place(one, BERLIN, *hosts({"canary": ["a", "b"]}))
    plan = planned(one, placement, datetime(2026, 3, 12, tzinfo=timezone.utc))
    assert plan.rings[0].first_window is None
    assert missed_hosts(simulate(plan.view, plan.starts + 100 * DAY)) == 2


def row(host: str, **values: Any) -> dict[str, Any]:
    found = {"cves": ["CVE-2026-1234"], "candidate": "1.2", "effective": None}
    return {**finding(host, None), **found, **values}


def test_an_emergency_installs_only_what_fixes_its_cves_and_soaks_no_longer_than_told() -> None:
    one = emergency(MONTHLY, ["CVE-2026-1234"], timedelta(minutes=15))
    assert one.install == Install("cves", ("CVE-2026-1234",))
    assert [ring.soak for ring in one.rings] == [timedelta(minutes=15), timedelta()]


def test_an_emergency_passes_through_freezes_when_it_is_told_to() -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b"]}))
    frozen = datetime(2026, 3, 12, 21, 0, tzinfo=timezone.utc)
    plan = plan_cycle(policy(MONTHLY), MONTHLY, placement, NOW, frozen, ignore_freezes=True)
    assert plan.rings[0].first_window == frozen


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"state": "installed", "effective": "yes"}, None),
        ({"candidate": None}, "its repositories do not offer the fix"),
        ({"state": "no_fix"}, "there is no fix yet"),
        ({"state": "unknown"}, "nobody knows whether it is affected"),
        ({"state": "rejected"}, "the baseline rejects the update"),
        (
            {"state": "installed", "effective": "no"},
            "the fix is installed and not in effect: restart it",
        ),
    ],
)
def test_an_emergency_says_how_many_hosts_it_fixes_and_why_not_the_others(
    values: dict[str, Any], reason: str | None
) -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b", "c"]}))
    rows = [row("a"), row("b", **values), row("elsewhere")]
    found = reach(["CVE-2026-1234"], placement, rows, {host.key for host in placement.hosts})
    assert found == (Reach(2, {}) if reason is None else Reach(1, {reason: 1}))


def test_hosts_that_are_never_patched_are_named_as_not_fixed() -> None:
    candidates, members = hosts({"canary": ["a"], "broad": ["b"]})
    image = replace(candidates[1], variables={"patchops_lifecycle": "immutable"})
    placement = place(MONTHLY, BERLIN, [candidates[0], image], members)
    found = reach(["CVE-2026-1234"], placement, [row("b")], {host.key for host in placement.hosts})
    assert found == Reach(0, {"patchops_lifecycle is immutable: rebuild its image": 1})


def test_hosts_that_no_assessment_holds_are_not_taken_for_hosts_without_the_cve() -> None:
    placement = place(MONTHLY, BERLIN, *hosts({"canary": ["a"], "broad": ["b", "c"]}))
    found = reach(["CVE-2026-1234"], placement, [row("a")], {HostKey("prod", "a"), HostKey("prod", "b")})
    assert found == Reach(1, {"it is not in the latest assessment: nobody knows": 1})
