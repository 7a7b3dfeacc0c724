# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.transaction import expectations

NAMES = [f"p{number}" for number in range(6)]
VERSIONS = st.sampled_from([None, "1", "2"])


@st.composite
def plans(draw: st.DrawFn) -> tuple[set[expectations.Package], dict[str, Any]]:
    """A list of packages and a plan that fits to it."""
    former = {name: draw(VERSIONS) for name in NAMES}
    later = {name: draw(VERSIONS) for name in NAMES}
    changes = [
        {"name": name, "arch": "amd64", "from": former[name], "to": later[name]}
        for name in NAMES
        if former[name] != later[name]
    ]
    return {(name, "amd64", version) for name, version in former.items() if version}, {"packages": changes}


@given(plans())
def test_nothing_is_left_to_apply_once_the_plan_is_applied(
    given_plan: tuple[set[expectations.Package], dict[str, Any]],
) -> None:
    former, plan = given_plan
    assert expectations.not_yet_applied(plan, expectations.after(former, plan)) == []


@given(plans())
def test_nothing_is_left_to_revert_where_nothing_was_applied(
    given_plan: tuple[set[expectations.Package], dict[str, Any]],
) -> None:
    former, plan = given_plan
    assert expectations.not_yet_reverted(plan, former) == []


@given(plans())
def test_every_change_is_left_to_revert_once_the_plan_is_applied(
    given_plan: tuple[set[expectations.Package], dict[str, Any]],
) -> None:
    former, plan = given_plan
    assert expectations.not_yet_reverted(plan, expectations.after(former, plan)) == plan["packages"]


@given(plans())
def test_neither_side_of_a_plan_is_a_change_by_others(
    given_plan: tuple[set[expectations.Package], dict[str, Any]],
) -> None:
    former, plan = given_plan
    assert expectations.changed_by_others(plan, former) == []
    assert expectations.changed_by_others(plan, expectations.after(former, plan)) == []


def test_a_package_that_changes_its_architecture_is_followed() -> None:
    plan = {"packages": [{"name": "x", "arch": "amd64", "from_arch": "all", "from": "1", "to": "2"}]}
    former = {("x", "all", "1")}
    later = {("x", "amd64", "2")}
    assert expectations.after(former, plan) == later
    assert expectations.not_yet_reverted(plan, later) == plan["packages"]
    assert expectations.changed_by_others(plan, former) == []


def test_a_difference_names_both_sides() -> None:
    text = expectations.difference({("a", "1", "2")}, {("b", None, "1")})
    assert text == "missing: a 1 2; unexpected: b None 1"


def test_a_kernel_beside_others_is_reverted_when_it_alone_is_gone() -> None:
    kernel = {"name": "kernel", "arch": "x86_64", "from": None, "to": "2", "beside": True}
    plan = {"packages": [kernel]}
    old, new = ("kernel", "x86_64", "1"), ("kernel", "x86_64", "2")
    assert expectations.not_yet_reverted(plan, {old, new}) == [kernel]
    assert expectations.not_yet_reverted(plan, {old}) == []
    assert expectations.changed_by_others(plan, {old}) == []
