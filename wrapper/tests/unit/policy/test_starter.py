# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`patchops init`: a first policy that passes its own check."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from patchops.cli import main
from patchops.policy.starter import guess_rings

STAGES = """\
all:
  children:
    linux:
      children:
        web_staging: {hosts: {s1: , s2: }}
        canary: {hosts: {s2: , c1: }}
        prod: {hosts: {p1: , p2: {patchops_intermittent: true}}}
    appliances: {hosts: {x1: {patchops_lifecycle: immutable}}}
"""


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHOPS_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def init(inventory: str, *options: str) -> Result:
    Path("hosts.yml").write_text(inventory, encoding="utf-8")
    return run("init", "-i", "hosts.yml", *options)


def test_what_is_written_passes_the_check_and_can_be_moved_with_its_inventory(tmp_path: Path) -> None:
    answer = init(STAGES)
    assert answer.exit_code == 0, answer.output
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("policy.yml", "hosts.yml"):
        (tmp_path / name).rename(moved / name)
    checked = run("policy", "check", str(moved / "policy.yml"))
    assert checked.exit_code == 0, checked.output
    assert "Warning" not in checked.output
    rows = [line.split()[:2] for line in checked.output.splitlines() if line.startswith("    ")]
    assert rows[1:4] == [["staging", "2"], ["canary", "1"], ["broad", "2"]]


def test_a_file_that_exists_is_left_as_it_is() -> None:
    Path("policy.yml").write_text("mine", encoding="utf-8")
    answer = init(STAGES)
    assert answer.exit_code == 2
    assert "policy.yml exists already; it is left as it is." in answer.output
    assert Path("policy.yml").read_text("utf-8") == "mine"


def test_nothing_is_left_of_a_policy_whose_inventory_has_a_mistake() -> None:
    answer = init("all: {children: {rest: {hosts: {a: , b: }}}}\n")
    assert answer.exit_code == 2
    assert "the inventory has a group or host called rest" in answer.output
    assert not Path("policy.yml").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-i", "web1,web2"], "A list of host names is no inventory of a policy."),
        (["-i", "none.yml"], "none.yml does not exist"),
    ],
)
def test_what_is_no_inventory_of_a_policy_is_refused(words: list[str], told: str) -> None:
    answer = run("init", *words)
    assert answer.exit_code == 2
    assert told in answer.output


def test_rings_are_guessed_from_the_names_of_groups_each_host_once() -> None:
    groups = {"s1": ["all", "web_staging"], "s2": ["web_staging", "canary"], "c1": ["canary"], "p1": ["prod"]}
    assert [(ring.name, ring.hosts) for ring in guess_rings(groups, {})] == [
        ("staging", "web_staging"),
        ("canary", "canary:!web_staging"),
        ("broad", "rest"),
    ]


def test_without_a_stage_one_host_is_the_canary() -> None:
    rings = guess_rings({"b": ["web"], "a": ["web"], "c": ["db"]}, {"a": {"patchops_intermittent": True}})
    assert [(ring.name, ring.hosts) for ring in rings] == [("canary", "b"), ("broad", "rest")]


def test_one_host_is_a_ring_of_its_own() -> None:
    assert [(ring.name, ring.hosts) for ring in guess_rings({"a": ["all"]}, {})] == [("all", "rest")]


def test_a_stage_that_nobody_proves_is_no_ring() -> None:
    groups = {"s1": ["staging"], "p1": ["prod"], "p2": ["prod"]}
    rings = guess_rings(groups, {"s1": {"patchops_lifecycle": "ephemeral"}})
    assert [ring.name for ring in rings] == ["canary", "broad"]


RING = "patchops_ring"


def test_rings_of_the_inventory_are_taken_over_in_the_order_of_stages() -> None:
    groups = {name: ["all"] for name in "abcd"}
    variables = {"a": {RING: "broad"}, "b": {RING: "pilot"}, "c": {RING: "blue"}}
    rings = guess_rings(groups, variables)
    assert [(ring.name, ring.hosts) for ring in rings] == [("pilot", None), ("blue", None), ("broad", "rest")]


def test_rings_of_the_inventory_pass_the_check() -> None:
    hosts = ", ".join(f"h{number}: {{{RING}: {name}}}" for number, name in enumerate(["one", "two", "rest"]))
    answer = init(f"all: {{hosts: {{{hosts}, h9: {{patchops_intermittent: true}}}}}}\n")
    assert answer.exit_code == 0, answer.output
