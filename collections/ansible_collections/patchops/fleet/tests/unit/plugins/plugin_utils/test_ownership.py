# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells its hosts of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.plugin_utils.ownership import (
    DEFAULT_SECONDS,
    Times,
    claim_arguments,
    controller,
    fencing_token,
    hold_seconds,
    take_over_hosts,
    times_of,
)


def test_a_small_run_owns_its_hosts_for_two_hours_where_its_steps_are_short() -> None:
    short = Times(apply=60, reboot=60, settle=5, revert=60)
    assert hold_seconds([1], short) == {"staged": DEFAULT_SECONDS, "changed": DEFAULT_SECONDS}


def test_a_host_that_is_staged_waits_for_all_batches_before_its_own() -> None:
    held = hold_seconds([1, 10, 10], Times())
    assert held["staged"] == sum(hold_seconds([size], Times())["changed"] for size in (1, 10, 10))


def test_reboots_one_after_another_and_long_installations_make_it_longer() -> None:
    usual = hold_seconds([20], Times())["changed"]
    assert hold_seconds([20], Times(reboots_at_once=1))["changed"] == usual + 3 * 19 * 600
    assert hold_seconds([20], Times(apply=4 * 3600))["changed"] == usual + 3 * 3600


@given(st.lists(st.integers(1, 500), max_size=50), st.floats(0, 1e9), st.integers(0, 50), st.integers(0, 50))
def test_no_run_owns_a_host_for_ever_or_for_too_short(
    sizes: list[int], seconds: float, forks: int, at_once: int
) -> None:
    held = hold_seconds(sizes, Times(seconds, seconds, seconds, seconds, forks, at_once))
    assert DEFAULT_SECONDS <= held["changed"] <= held["staged"] <= 30 * 86400


def test_the_slowest_host_and_the_tightest_throttle_count() -> None:
    variables = [
        {"patchops_deploy_timeout": 9000, "patchops_reboot_at_once": 5},
        {"patchops_reboot_at_once": 2},
    ]
    times = times_of(variables, 10)
    assert (times.apply, times.reboots_at_once, times.forks) == (9000, 2, 10)


@pytest.mark.parametrize(
    ("value", "hosts"), [(None, []), ("", []), ("web1", ["web1"]), ("web1, web2", ["web1", "web2"])]
)
def test_hosts_are_taken_over_by_name(value: Any, hosts: list[str]) -> None:
    assert take_over_hosts(value, ["web1", "web2"]) == hosts


@pytest.mark.parametrize("value", [True, "all", "web*", "web9", ["web1", 3], {"web1": True}])
def test_no_pattern_and_no_stranger_is_taken_over(value: Any) -> None:
    with pytest.raises(ValueError, match="host"):
        take_over_hosts(value, ["web1", "web2"])


@pytest.mark.parametrize(
    ("value", "token"),
    [(None, None), (0, 0), (7, 7), ("1796079600", 1796079600), (" 8 ", 8), (2**63 - 1, 2**63 - 1)],
)
def test_a_fencing_token_is_a_whole_number(value: Any, token: int | None) -> None:
    assert fencing_token(value) == token


@pytest.mark.parametrize("value", [True, -1, "x", 1.5, "7.0", "\u0667", [7], {"fence": 7}])
def test_anything_else_is_no_fencing_token(value: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        fencing_token(value)


@pytest.mark.parametrize("value", ["", "  "])
def test_a_token_that_was_not_filled_in_does_not_pass_for_none(value: str) -> None:
    with pytest.raises(ValueError, match="it is empty"):
        fencing_token(value)


@pytest.mark.parametrize("value", [2**63, "9" * 100_000])
def test_a_huge_token_is_refused_in_a_short_sentence(value: Any) -> None:
    with pytest.raises(ValueError, match="is the largest") as refused:
        fencing_token(value)
    assert len(str(refused.value)) < 150


class Action:
    class _templar:
        template = staticmethod(lambda value: value)


class HostVars:
    """What plays know of their hosts: only localhost, which has the plan."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan

    def raw_get(self, host: str) -> dict[str, Any]:
        return {"patchops_plan": self._plan} if host == "localhost" and self._plan else {}


def told(variables: dict[str, Any] | None = None, **plan: Any) -> dict[str, Any]:
    known = {
        "inventory_hostname": "web1",
        "patchops_run_id": "r1",
        "ansible_inventory_sources": ["/etc/hosts.ini"],
        "hostvars": HostVars(plan),
    }
    return claim_arguments(Action(), {**known, **(variables or {})}, "staged")


def test_a_call_tells_what_its_run_was_planned_with() -> None:
    answer = told(fence=5, take_over=["web1"], hold={"staged": 9000, "changed": 8000})
    claim = answer["claim"]
    assert (answer["run_id"], answer["fence"], claim["inventory"]) == ("r1", 5, "/etc/hosts.ini")
    assert (claim["seconds"], claim["take_over"]) == (9000, True)
    assert told(take_over=["web2"])["claim"]["take_over"] is False


def test_a_task_outside_of_a_run_has_no_token_and_two_hours() -> None:
    answer = told()
    assert "fence" not in answer
    assert answer["claim"]["seconds"] == DEFAULT_SECONDS


@pytest.mark.parametrize("value", ["1h", None, "nan", "inf", -1, [60]])
def test_a_time_that_is_no_number_is_told_with_its_variable(value: Any) -> None:
    with pytest.raises(ValueError, match="patchops_deploy_timeout is"):
        times_of([{"patchops_deploy_timeout": value}], 5)


def test_a_controller_whose_user_has_no_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert controller().startswith("uid ")


def test_the_inventory_of_a_claim_is_the_one_of_the_plan(tmp_path: Path) -> None:
    assert told(inventory="prod")["claim"]["inventory"] == "prod"


def test_without_a_plan_the_inventory_has_the_identity_that_documents_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prod.yml"
    (tmp_path / "link.yml").symlink_to(path)
    for typed in (f"{tmp_path}/../{tmp_path.name}/prod.yml", f"{tmp_path}/link.yml"):
        assert told({"ansible_inventory_sources": [typed]})["claim"]["inventory"] == str(path)
    monkeypatch.setenv("AWX_HOST", "https://awx.example/")
    of_awx = {"awx_inventory_id": 7, "ansible_inventory_sources": ["/runner/inventory"]}
    assert told(of_awx)["claim"]["inventory"] == "https://awx.example/#/inventories/7"
    assert told({**of_awx, "patchops_inventory": "prod"})["claim"]["inventory"] == "prod"


def test_a_fact_names_neither_run_nor_inventory() -> None:
    facts = {"ansible_facts": {"patchops_run_id": "r2", "patchops_inventory": "theirs"}}
    answer = told({"patchops_run_id": "r2", "patchops_inventory": "theirs", **facts}, run_id="r1")
    assert (answer["run_id"], answer["claim"]["inventory"]) == ("r1", "/etc/hosts.ini")
