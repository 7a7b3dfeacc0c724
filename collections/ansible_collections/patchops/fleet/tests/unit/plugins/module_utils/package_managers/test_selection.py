# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of selection, with a package manager in memory: versions, dependencies, removals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.kept_back import (
    Cause,
    KeptBack,
    write_kept_back,
)
from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Held, Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import solver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.selection import make_plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import (
    Offer,
    Sighting,
    Upgrade,
)

NAMES = ("a", "b", "c", "d")
SUM = "f" * 64


class Small(solver.Solver):
    """`served`: the versions of each name, the oldest first; each needs the newest of what it `needs`."""

    name = "small"
    trying = "small --dry-run"

    def __init__(self) -> None:
        self.installed = dict.fromkeys(NAMES, "1")
        self.served = {**{name: ["1", "2", "3"] for name in NAMES}, "new": ["5", "6"]}
        self.needs: dict[str, str] = {}
        self.removes: dict[str, str] = {}
        self.holds: set[str] = set()
        self.kept_from_updaters: set[str] = set()
        self.passed_over: dict[str, KeptBack] = {}
        self.prefers_older: set[str] = set()
        self.closers: dict[str, list[str]] = {}
        self.broken: set[tuple[str, str]] = set()
        self.without_sum: set[str] = set()
        self.questions = 0

    @property
    def updates(self) -> list[dict[str, Any]]:  # type: ignore[override]
        return [
            {
                "name": name,
                "arch": "noarch",
                "candidate": self.served[name][-1],
                "security": name in ("a", "b"),
                "held": name in self.holds,
                "blocked": name in self.kept_from_updaters,
                "source": name,
                "kept_back": write_kept_back(self.passed_over.get(name)),
            }
            for name, version in self.installed.items()
            if self.served[name] and self.served[name][-1] > version
        ]

    def is_name(self, text: str) -> bool:
        return text.isalpha()

    def is_version(self, text: str) -> bool:
        return text.isdigit()

    def named(self, asked: list[tuple[str, str]]) -> list[Sighting]:
        return [self._seen(name, version) for name, version in asked]

    def members(self, members: list[dict[str, Any]]) -> list[Sighting]:
        return [self._seen(one["name"], one["version"]) for one in members]

    def offer_for(self, update: dict[str, Any]) -> Offer:
        return Offer(update["name"], "noarch", update["candidate"])

    def closing(self, update: dict[str, Any]) -> list[Offer]:
        return [Offer(update["name"], "noarch", one) for one in self.closers.get(update["name"], [])]

    def is_older(self, version: str, other: str) -> bool:
        return version < other

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        wanted = [
            self.offer_for(one)
            for one in self.updates
            if not one["held"]
            and one["name"] not in self.kept_from_updaters
            and self.needs.get(one["name"]) not in self.holds
            and (allow_removals or one["name"] not in self.removes)
        ]
        older = [Offer(name, "noarch", "0") for name in sorted(self.prefers_older)]
        return Upgrade(self.install(wanted + older, allow_removals), {})

    def install(self, offers: list[Offer], allow_removals: bool) -> list[Change]:
        self.questions += 1
        coming = {one.name: one.version for one in offers}
        if broken := sorted(self.broken & set(coming.items())):
            raise DriverError("unsatisfiable", f"{broken[0][0]} {broken[0][1]} has no solution")
        for one in offers:
            if self.needs.get(one.name) and self.needs[one.name] not in coming:
                coming[self.needs[one.name]] = self.served[self.needs[one.name]][-1]
        gone = {self.removes[name] for name in coming if name in self.removes} - set(coming)
        changes = [self._change(*one) for one in coming.items() if self.installed.get(one[0]) != one[1]]
        going = [Change(name, "noarch", Action.REMOVE, self.installed[name], None) for name in sorted(gone)]
        return changes + going

    def _seen(self, name: str, version: str) -> Sighting:
        if name not in self.served:
            return Sighting(None)
        served = self.served[name]
        present = self.installed.get(name)
        usual = present if name in self.passed_over else served[-1] if served else ""
        chosen = version or usual or ""
        offer = Offer(name, "noarch", chosen) if chosen in served else None
        return Sighting(name, (present,) if present else (), offer)

    def _change(self, name: str, version: str) -> Change:
        before = self.installed.get(name)
        action = Action.UPGRADE if before else Action.INSTALL
        if before and version < before:
            action = Action.DOWNGRADE
        return Change(
            name, "noarch", action, before, version, sha256=None if name in self.without_sum else SUM
        )


def member(name: str, version: str) -> dict[str, str]:
    return {"name": name, "arch": "noarch", "version": version, "sha256": SUM}


def patch_set(*members: dict[str, str]) -> dict[str, Any]:
    return {"patch_set": {"id": "x", "packages": list(members)}}


def coming(plan: Plan) -> dict[str, str | None]:
    return {one.name: one.after for one in plan.packages}


def held(plan: Plan) -> dict[str, str]:
    return {one.name: one.reason for one in plan.held}


def taken_back(name: str, version: str) -> list[dict[str, str]]:
    return [{"name": name, "version": version}]


@pytest.mark.parametrize(
    "selection",
    [{"packages": ["a"]}, {"packages": ["a=3"]}, {"select": "security"}, patch_set(member("a", "3"))],
    ids=str,
)
def test_a_held_package_is_left_out_and_told_whoever_asks_for_it(selection: dict[str, Any]) -> None:
    small = Small()
    small.holds = {"a"}
    plan = make_plan(small, selection)
    assert "a" not in coming(plan)
    assert held(plan)["a"] == "held on the host"


@pytest.mark.parametrize(
    "selection", [{"packages": ["a"]}, {"packages": ["a=3"]}, patch_set(member("a", "3"))], ids=str
)
def test_a_version_that_was_taken_back_does_not_come_whoever_asks_for_it(selection: dict[str, Any]) -> None:
    plan = make_plan(Small(), selection, blocked=taken_back("a", "3"))
    assert (coming(plan), held(plan)) == ({}, {})


def test_another_version_of_what_was_taken_back_comes() -> None:
    assert coming(make_plan(Small(), {"packages": ["a=2"]}, blocked=taken_back("a", "3"))) == {"a": "2"}


def test_a_version_that_was_taken_back_does_not_come_as_a_dependency_either() -> None:
    small = Small()
    small.needs = {"a": "new"}
    with pytest.raises(DriverError, match="needs new 6, which was taken back") as refused:
        make_plan(small, {"packages": ["a"]}, blocked=taken_back("new", "6"))
    assert "state: committed" in refused.value.remedy


def test_a_member_that_is_held_or_installed_need_not_be_served_any_more() -> None:
    small = Small()
    small.holds, small.installed["b"], small.installed["c"] = {"a"}, "3", "2"
    small.served["c"] = ["3"]
    plan = make_plan(small, patch_set(member("a", "9"), member("b", "2"), member("c", "2")))
    assert (coming(plan), held(plan)) == ({}, {"a": "held on the host"})


def test_every_missing_member_is_named_at_once() -> None:
    with pytest.raises(DriverError, match="no longer have: a 8, b 9") as refused:
        make_plan(Small(), patch_set(member("a", "8"), member("b", "9")))
    assert refused.value.code == "member_missing"


def test_a_new_member_comes_in_the_version_of_the_set() -> None:
    small = Small()
    small.needs = {"a": "new"}
    assert coming(make_plan(small, patch_set(member("a", "3"), member("new", "5")))) == {"a": "3", "new": "5"}


def test_a_new_member_costs_no_question_where_the_package_manager_takes_that_version_anyway() -> None:
    small = Small()
    small.needs = {"a": "new"}
    make_plan(small, patch_set(member("a", "3"), member("new", "6")))
    assert small.questions == 1


def test_what_needs_a_held_package_is_left_out_and_the_others_come() -> None:
    small = Small()
    small.needs, small.holds = {"a": "d"}, {"d"}
    for selection in ({"packages": ["a", "b"]}, patch_set(member("a", "3"), member("b", "3"))):
        plan = make_plan(small, selection)
        assert (coming(plan), held(plan)) == ({"b": "3"}, {"a": "needs a change of held d"})


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (["x", "a", "y"], "package_unknown", "no package x, y"),
        (["a=7", "b=8"], "version_unknown", "no a=7, b=8"),
        (["a=0", "b=0"], "downgrade_needed", "a=0 (installed: 1), b=0 (installed: 1)"),
        (["a-"], "bad_arguments", "'a-'"),
        (["c"], "removals_needed", "small can't plan this: needs the removal of d"),
    ],
)
def test_what_can_not_be_had_is_refused_with_every_name(names: list[str], code: str, message: str) -> None:
    small = Small()
    small.removes = {"c": "d"}
    with pytest.raises(DriverError) as refused:
        make_plan(small, {"packages": names})
    assert refused.value.code == code
    assert message in refused.value.message
    assert refused.value.remedy or code == "bad_arguments"


def test_an_error_that_is_not_about_packages_is_no_reason_to_leave_one_out() -> None:
    class Full(Small):
        def install(self, offers: list[Offer], allow_removals: bool) -> list[Change]:
            raise DriverError("no_space", "/tmp is full", "Make room there.")

    with pytest.raises(DriverError, match=r"^/tmp is full$"):
        make_plan(Full(), {"select": "security"})


@pytest.mark.parametrize(
    "selection", [{"select": "security"}, {"select": "all"}, {"packages": ["a"]}], ids=str
)
def test_what_the_package_manager_passes_over_is_told_with_its_cause(selection: dict[str, Any]) -> None:
    small = Small()
    small.kept_from_updaters, small.served["a"] = {"a"}, ["1", "3"]
    small.passed_over = {"a": KeptBack("3", Cause.DEFAULT_RELEASE, "the default release is older", True)}
    plan = make_plan(small, selection)
    assert Held("a", "the default release is older", Cause.DEFAULT_RELEASE, security=True) in plan.held


def test_what_is_passed_over_without_closing_holes_is_no_matter_of_security() -> None:
    small = Small()
    small.kept_from_updaters = {"c"}
    small.passed_over = {"c": KeptBack("3", Cause.EXCLUDE, "exclude=c", security=False)}
    assert held(make_plan(small, {"select": "security"})) == {}
    assert held(make_plan(small, {"select": "all"}))["c"] == "exclude=c"


def test_what_was_taken_back_is_not_told_as_passed_over_as_well() -> None:
    small = Small()
    small.kept_from_updaters = {"a"}
    small.passed_over = {"a": KeptBack("3", Cause.PIN, "a pin of -1", True)}
    assert held(make_plan(small, {"select": "security"}, blocked=taken_back("a", "3"))) == {}


def test_the_lower_version_that_closes_the_hole_comes_where_the_newest_can_not_be_had() -> None:
    small = Small()
    small.broken, small.closers = {("a", "3")}, {"a": ["2"]}
    plan = make_plan(small, {"select": "security"})
    assert (coming(plan), held(plan)) == ({"a": "2", "b": "3"}, {})


def test_holes_that_only_the_newest_version_closes_are_told_beside_the_lower_one() -> None:
    small = Small()
    small.broken, small.closers = {("a", "3")}, {"a": ["3", "2"]}
    plan = make_plan(small, {"select": "security"})
    assert coming(plan)["a"] == "2"
    assert plan.held == (Held("a", "a 3 has no solution", Cause.DEPENDENCY, security=True),)


def test_where_no_lower_version_can_be_had_either_the_update_is_left_out() -> None:
    small = Small()
    small.broken, small.closers = {("a", "3"), ("a", "2")}, {"a": ["3", "2"]}
    plan = make_plan(small, {"select": "security"})
    assert (coming(plan), held(plan)) == ({"b": "3"}, {"a": "a 3 has no solution"})


@pytest.mark.parametrize("select", ["all", "security"])
def test_a_package_that_can_not_be_checked_stays_by_itself(select: str) -> None:
    small = Small()
    small.without_sum = {"a", "new"}
    small.needs = {"b": "new"}
    plan = make_plan(small, {"select": select})
    assert set(coming(plan)) == ({"c", "d"} if select == "all" else set())
    causes = {one.name: one.cause for one in plan.held}
    assert (causes["a"], causes["b"]) == (Cause.UNCHECKED, Cause.DEPENDENCY)


def test_a_named_package_that_can_not_be_checked_is_refused() -> None:
    small = Small()
    small.without_sum = {"a"}
    with pytest.raises(DriverError, match="no SHA-256 for a 3"):
        make_plan(small, {"packages": ["a", "b"]})


def test_an_upgrade_of_all_goes_back_to_no_older_version_and_brings_the_rest() -> None:
    small = Small()
    small.prefers_older = {"c"}
    small.kept_from_updaters = {"c"}
    plan = make_plan(small, {"select": "all"})
    assert coming(plan) == {"a": "3", "b": "3", "d": "3"}
    assert held(plan)["c"].startswith("small prefers the older 0")


@st.composite
def hosts(draw: st.DrawFn) -> tuple[Small, list[dict[str, str]]]:
    small, some = Small(), st.sampled_from(NAMES)
    small.holds = draw(st.sets(some))
    small.kept_from_updaters = draw(st.sets(some))
    small.needs = draw(st.dictionaries(some, st.sampled_from((*NAMES, "new"))))
    small.removes = draw(st.dictionaries(some, some))
    small.prefers_older = draw(st.sets(some))
    small.installed = {name: draw(st.sampled_from("123")) for name in NAMES}
    back = st.sampled_from([("a", "3"), ("b", "2"), ("new", "6")])
    return small, [{"name": name, "version": version} for name, version in draw(st.lists(back))]


SELECTIONS = st.one_of(
    st.just({"select": "all"}),
    st.just({"select": "security"}),
    st.builds(
        lambda names: {"packages": names},
        st.lists(st.sampled_from(["a", "b=2", "c=3", "d=1", "new"]), min_size=1, unique=True),
    ),
    st.builds(
        lambda members: patch_set(*members),
        st.lists(
            st.sampled_from([member("a", "2"), member("b", "3"), member("new", "5")]),
            min_size=1,
            unique_by=str,
        ),
    ),
)


@given(hosts(), SELECTIONS, st.booleans())
def test_no_plan_breaks_a_hold_a_block_or_a_version_and_none_is_silent(
    host: tuple[Small, list[dict[str, str]]], selection: dict[str, Any], allow_removals: bool
) -> None:
    small, blocked = host
    try:
        plan = make_plan(small, selection, allow_removals, blocked)
    except DriverError as error:
        refusals = ("unsatisfiable", "removals_needed", "downgrade_needed", "not_in_patch_set")
        if error.code not in refusals or not error.message.endswith("."):
            raise
        return
    changed = {one.name for one in plan.packages}
    assert not changed & small.holds or selection == {"select": "all"}
    assert not {(one.name, one.after) for one in plan.packages} & {
        (one["name"], one["version"]) for one in blocked
    }
    assert allow_removals or all(one.after for one in plan.packages)
    assert all(one.after > (one.before or "") for one in plan.packages if one.after)
    if selection == {"select": "all"}:
        told = changed | set(held(plan)) | small.kept_from_updaters
        assert {one["name"] for one in small.updates} <= told
