# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.knobs import (
    KnobError,
    check_host_knobs,
    parse_flag,
    run_knobs,
)


def test_knobs_that_nobody_sets_have_their_defaults() -> None:
    knobs = run_knobs({"web1": {}, "web2": {}})
    assert knobs["patchops_serial"] == ["100%"]
    assert knobs["patchops_failure_budget"] == 0
    assert knobs["patchops_seal"] is True


def test_hosts_that_agree_give_the_run_its_knobs() -> None:
    knobs = run_knobs({"web1": {"patchops_serial": [1, "50%"]}, "web2": {"patchops_serial": [1, "50%"]}})
    assert knobs["patchops_serial"] == [1, "50%"]


def test_hosts_that_disagree_are_both_named() -> None:
    with pytest.raises(
        KnobError, match=r"web1 and web3 are in one run but patchops_serial is 1 on one and 2"
    ):
        run_knobs(
            {"web1": {"patchops_serial": 1}, "web2": {"patchops_serial": 1}, "web3": {"patchops_serial": 2}}
        )


def test_a_host_that_leaves_a_knob_out_disagrees_with_one_that_sets_it() -> None:
    with pytest.raises(KnobError, match=r"patchops_failure_budget is 0 on one and '10%' on the other"):
        run_knobs({"web1": {}, "web2": {"patchops_failure_budget": "10%"}})


def test_a_window_stays_as_it_was_written() -> None:
    window = {"start": "22:00", "duration": "4h"}
    assert run_knobs({"web1": {"patchops_window": window}})["patchops_window"] == window


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patchops_serial", "some"),
        ("patchops_failure_budget", -1),
        ("patchops_window", {"start": "22:00"}),
        ("patchops_freeze", {"from": "soon", "until": "later"}),
        ("patchops_seal", "maybe"),
    ],
)
def test_a_knob_of_the_run_that_is_not_understood_is_named_with_its_host(name: str, value: Any) -> None:
    with pytest.raises(KnobError, match=rf"{name} \(as web1 has it\): .* Nothing was done\."):
        run_knobs({"web1": {name: value}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patchops_select", "everything"),
        ("patchops_packages", "openssl"),
        ("patchops_packages", [""]),
        ("patchops_reboot", True),
        ("patchops_restarts", "always"),
        ("patchops_way_back", False),
        ("patchops_way_back_classes", [{"packages": ["a"], "class": "never"}]),
        ("patchops_way_back_classes", {"packages": ["a"], "class": "revertible"}),
        ("patchops_without_snapshot", "ask"),
        ("patchops_way_back_limit", "a lot"),
        ("patchops_allow_removals", "perhaps"),
        ("patchops_intermittent", 2),
        ("patchops_confirm_within", 5),
        ("patchops_confirm_within", True),
        ("patchops_confirm_within", "soon"),
        ("patchops_access_packages", ["acme vpn"]),
        ("patchops_access_packages", "acme-vpn"),
    ],
)
def test_a_knob_of_a_host_that_is_not_understood_is_named_with_its_host(name: str, value: Any) -> None:
    with pytest.raises(KnobError, match=rf"{name} \(as web1 has it\)"):
        check_host_knobs("web1", {name: value})


def test_packages_and_a_patch_set_exclude_one_another() -> None:
    with pytest.raises(KnobError, match="web1: patchops_packages and patchops_patch_set exclude"):
        check_host_knobs("web1", {"patchops_packages": ["a"], "patchops_patch_set": "/set.json"})


def test_a_named_selection_of_the_group_gives_way_to_a_patch_set() -> None:
    check_host_knobs("web1", {"patchops_select": "all", "patchops_patch_set": "/set.json"})


@pytest.mark.parametrize(("value", "meant"), [(True, True), ("yes", True), ("0", False), ("False", False)])
def test_flags_are_read_however_they_were_written(value: Any, meant: bool) -> None:
    assert parse_flag(value) is meant


def test_what_is_wrong_with_a_rule_for_the_way_back_is_said_with_its_place() -> None:
    rules = [{"packages": ["a"], "class": "revertible"}, {"packages": ["b"], "class": "never"}]
    with pytest.raises(KnobError, match=r"_classes \(as web1 has it\): \[1\]\.class: 'never' is none of"):
        check_host_knobs("web1", {"patchops_way_back_classes": rules})
