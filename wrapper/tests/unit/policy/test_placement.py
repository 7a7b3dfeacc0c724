# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from patchops.policy.model import Amount, Cycle, InFlight, Ring
from patchops.policy.placement import Candidate, Placed, Placement, Standing, place
from patchops.policy.worst_case import worst_case

BERLIN = ZoneInfo("Europe/Berlin")
RINGS = (Ring("canary", "canary"), Ring("early", "early:web"), Ring("broad", "rest"))


def host(
    name: str, reachable: bool | None = True, platform: str | None = None, **variables: Any
) -> Candidate:
    return Candidate(HostKey("prod", name), variables, platform, reachable)


def placed(
    *hosts: Candidate,
    rings: tuple[Ring, ...] = RINGS,
    members: Mapping[str, Collection[str]] | None = None,
    taken_names: Collection[str] = (),
) -> Placement:
    known = {"canary": ["c1", "c2"], "early:web": ["e1"], **(members or {})}
    return place(Cycle("monthly", "prod", "all", rings), BERLIN, hosts, known, taken_names)


def one(candidate: Candidate) -> Placed:
    return placed(candidate).hosts[0]


def mistakes(placement: Placement) -> list[str]:
    return [f"{problem.place}: {problem.message}" for problem in placement.mistakes]


FLEET = (host("c1"), host("e1"), host("b1"))


def test_a_host_is_in_the_ring_whose_pattern_names_it_and_else_in_rest() -> None:
    placement = placed(*FLEET)
    assert [found.ring for found in placement.hosts] == ["canary", "early", "broad"]
    assert placement.mistakes == ()


def test_the_rest_ring_takes_what_later_rings_leave_too() -> None:
    rings = (RINGS[2], RINGS[0], RINGS[1])
    assert [found.ring for found in placed(*FLEET, rings=rings).hosts] == ["canary", "early", "broad"]


def test_patchops_ring_goes_before_patterns() -> None:
    assert one(host("c1", patchops_ring="broad")).ring == "broad"
    both = placed(
        host("c1", patchops_ring="early"), *FLEET[1:], host("c2"), members={"canary": ["c1", "c2", "e1"]}
    )
    assert both.hosts[0].ring == "early"


@pytest.mark.parametrize("value", ["erly", "{{ site }}", 1, ["early"]])
def test_an_unknown_patchops_ring_is_a_mistake(value: object) -> None:
    placement = placed(*FLEET, host("b2", patchops_ring=value))
    assert placement.hosts[-1].ring is None
    assert any(
        f"patchops_ring of b2 is {str(value)!r}, which is no ring" in told for told in mistakes(placement)
    )
    if value == "erly":
        assert placement.mistakes[0].remedy.startswith("did you mean early? known here: canary, early, broad")


def test_a_host_in_two_rings_is_a_mistake_and_nothing_follows_from_it() -> None:
    placement = placed(*FLEET, members={"early:web": ["e1", "c1"]})
    assert mistakes(placement) == ["rings[1].hosts: c1 is in the rings canary and early"]


def test_a_host_in_no_ring_is_a_mistake_where_no_ring_takes_the_rest() -> None:
    placement = placed(*FLEET, rings=RINGS[:2])
    assert mistakes(placement) == ["rings: b1 is in no ring"]


def test_a_ring_without_hosts_is_a_mistake_and_an_empty_rest_a_warning() -> None:
    placement = placed(host("c1"))
    assert mistakes(placement) == ["rings[1].hosts: no host of the cycle is in the ring early"]
    assert [warning.place for warning in placement.warnings] == ["rings[2].hosts"]


def test_a_group_called_rest_is_a_mistake() -> None:
    assert mistakes(placed(*FLEET, taken_names={"rest"})) == [
        ": the inventory has a group or host called rest"
    ]


@pytest.mark.parametrize(
    ("candidate", "standing", "reason"),
    [
        (host("c1"), Standing.COUNTABLE, ""),
        (host("c1", reachable=None), Standing.COUNTABLE, "it was never scanned"),
        (host("c1", reachable=False), Standing.STRAGGLER, "it was not reachable at the last scan"),
        (host("c1", patchops_intermittent=True), Standing.INTERMITTENT, "patchops_intermittent is set"),
        (
            host("c1", reachable=False, patchops_intermittent="yes"),
            Standing.INTERMITTENT,
            "patchops_intermittent",
        ),
        (host("c1", patchops_lifecycle="immutable"), Standing.EXCLUDED, "immutable: rebuild its image"),
        (host("c1", patchops_lifecycle="ephemeral"), Standing.EXCLUDED, "ephemeral: rebuild its image"),
        (host("c1", patchops_lifecycle="mutable"), Standing.COUNTABLE, ""),
        (host("c1", patchops_lifecycle="imutable"), Standing.REFUSED, "patchops_lifecycle: "),
        (host("c1", patchops_timezone="Europe/Berln"), Standing.REFUSED, "patchops_timezone: the time zone"),
        (host("c1", patchops_timezone=["UTC"]), Standing.REFUSED, "patchops_timezone: "),
        (host("c1", patchops_intermittent="sometimes"), Standing.REFUSED, "neither true nor false"),
        (
            host("c1", patchops_lifecycle=["x"], patchops_timezone=5),
            Standing.REFUSED,
            "; patchops_timezone: ",
        ),
    ],
)
def test_how_a_host_counts_is_told_with_the_reason(
    candidate: Candidate, standing: Standing, reason: str
) -> None:
    found = one(candidate)
    assert found.standing is standing
    assert reason in found.reason
    assert found.ring == (None if standing is Standing.EXCLUDED else "canary")


def test_a_refused_host_is_named_and_stops_nobody() -> None:
    placement = placed(*FLEET, host("c2", patchops_timezone="Mars/Base"))
    assert placement.mistakes == ()
    assert placement.warnings[0].message.startswith(
        "c2 is refused; c2: patchops_timezone: the time zone 'Mars/"
    )


def test_a_host_has_its_own_time_zone_or_the_policys() -> None:
    assert one(host("c1")).zone == BERLIN
    assert one(host("c1", patchops_timezone="Asia/Tokyo")).zone == ZoneInfo("Asia/Tokyo")


def test_a_ring_of_intermittent_hosts_needs_a_number_of_effective_ones() -> None:
    fleet = (host("c1", patchops_intermittent=True), *FLEET[1:])
    assert mistakes(placed(*fleet)) == [
        "rings[0].min_effective: all hosts of the ring canary are intermittent: a share of them says nothing"
    ]
    rings = (Ring("canary", "canary", min_effective=Amount(1)), *RINGS[1:])
    assert placed(*fleet, rings=rings).mistakes == ()


def test_a_ring_of_which_nobody_counts_is_a_warning() -> None:
    [warning] = placed(host("c1", reachable=False), *FLEET[1:]).warnings
    assert warning.message == "no host of the ring canary counts: c1: it was not reachable at the last scan"


def test_a_platform_that_the_first_ring_does_not_prove_is_a_warning() -> None:
    fleet = (host("c1", platform="debian"), host("e1", platform="rocky"), host("b1", platform="debian"))
    [warning] = placed(*fleet).warnings
    assert warning.message == "no host of the ring canary proves what e1 would get (rocky)"


def test_what_limits_hosts_in_flight_is_kept_for_each_host() -> None:
    rings = (Ring("all", "rest", max_in_flight=InFlight(per={"site": 2, "rack": 1})),)
    assert placed(host("a", site="north", rack=7), rings=rings).hosts[0].places == (
        ("rack", "7"),
        ("site", "north"),
    )


def test_many_hosts_with_one_mistake_are_told_in_one_line() -> None:
    fleet = [host(f"b{number}") for number in range(9)]
    assert "rings: b0, b1, b2, b3, b4 and 4 more are in no ring" in mistakes(placed(*fleet, rings=RINGS[:2]))


NAMES = st.sampled_from([f"h{number}" for number in range(12)])
VALUES = st.sampled_from(
    ["", "canary", "early", "broad", "none", "UTC", "immutable", "yes", None, 3, True, []]
)
VARIABLES = st.dictionaries(
    st.sampled_from(["patchops_ring", "patchops_timezone", "patchops_lifecycle", "patchops_intermittent"]),
    VALUES,
)


@given(
    st.dictionaries(NAMES, st.tuples(VARIABLES, st.sampled_from([True, False, None]))),
    st.sets(NAMES),
    st.sets(NAMES),
)
def test_each_host_has_exactly_one_place_or_a_mistake_names_it(
    fleet: dict[str, tuple[dict[str, object], bool | None]], canary: set[str], early: set[str]
) -> None:
    hosts = [Candidate(HostKey("prod", name), given, None, seen) for name, (given, seen) in fleet.items()]
    placement = placed(*hosts, members={"canary": canary, "early:web": early})
    assert [found.key.name for found in placement.hosts] == list(fleet)
    assert sum(len(placement.of(ring.name)) for ring in RINGS) == sum(
        found.ring is not None for found in placement.hosts
    )
    for found in placement.hosts:
        placed_nowhere = found.ring is None and found.standing is not Standing.EXCLUDED
        assert not placed_nowhere or placement.mistakes
        assert found.reason or found.standing is Standing.COUNTABLE


@given(
    st.integers(0, 300),
    st.integers(0, 100),
    st.integers(1, 100),
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
    st.integers(1, 9),
)
def test_the_worst_case_lies_between_budget_and_membership(
    hosts: int, failures: int, flight: int, batches: list[int], per_site: int
) -> None:
    ring = Ring(
        "all",
        "rest",
        batches=tuple(Amount(size, percent=True) for size in batches),
        max_failures=Amount(failures, percent=True),
        max_in_flight=InFlight(Amount(flight, percent=True), {"site": per_site}),
    )
    fleet = [host(f"h{number}", site=number % 3) for number in range(hosts)]
    counted = placed(*fleet, rings=(ring,)).of("all")
    worst = worst_case(ring, counted)
    assert worst.membership == hosts
    assert worst.budget <= worst.lost <= hosts
    assert worst.lost <= worst.budget + worst.in_flight
    assert (1 if hosts else 0) <= worst.in_flight <= worst.batch <= hosts
