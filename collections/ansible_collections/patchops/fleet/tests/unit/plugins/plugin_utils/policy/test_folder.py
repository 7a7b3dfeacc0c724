# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import (
    PolicyError,
    load_policy,
    read_policy_text,
)

HEAD = "kind: patchops.policy\nschema: 1\n"
WAIVER = """\
    - {{id: {id}, owner: ann, approver: {approver}, reason: r, control: c, scope: {{packages: [a]}},
       granted: 2026-01-01, until: 2026-01-31}}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(HEAD + text, encoding="utf-8")
    return folder


def waivers(*entries: tuple[str, str]) -> str:
    lines = [WAIVER.format(id=name, approver=approver) for name, approver in entries]
    return "waivers:\n  entries:\n" + "".join(lines)


def problems(folder: Path) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        load_policy(folder)
    return [str(problem) for problem in refused.value.args]


def test_the_files_of_a_folder_are_one_policy_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, b=waivers(("W2", "bob")), a=waivers(("W1", "bob")) + "baseline: {kev_at_once: false}\n")
    (tmp_path / "notes.txt").write_text("not a part")
    (tmp_path / ".hidden.yml").write_text("not a part")
    policy = load_policy(tmp_path)
    assert [waiver.id for waiver in policy.waivers] == ["W1", "W2"]
    assert policy.baseline.kev_at_once is False


def test_names_of_one_section_may_be_spread_over_files(tmp_path: Path) -> None:
    write(tmp_path, a="people: {board: [ann]}\n", b="people: {ops: [bob]}\n")
    assert read_policy_text(tmp_path).data["people"] == {"board": ["ann"], "ops": ["bob"]}


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("people: {board: [ann]}\n", "people.board"),
        ("timezone: Europe/Berlin\n", "timezone"),
        ("baseline: {kev_at_once: true}\n", "baseline.kev_at_once"),
        ("urgency: {assume: {severity: low}}\n", "urgency.assume"),
    ],
)
def test_what_two_files_give_is_refused_with_both_places(tmp_path: Path, section: str, place: str) -> None:
    write(tmp_path, a=section, b="\n" + section)
    assert problems(tmp_path) == [
        f"{tmp_path}/a.yml:3: {place}: is given again in {tmp_path}/b.yml:4. Remedy: keep one of the two"
    ]


def test_a_mistake_is_told_with_the_file_in_which_it_stands(tmp_path: Path) -> None:
    write(tmp_path, a=waivers(("W1", "bob")), b=waivers(("W2", "bob"), ("W3", "ann")))
    [told] = problems(tmp_path)
    assert told.startswith(f"{tmp_path}/b.yml:7: waivers.entries[2].approver: waiver W3: ann approves")


def test_each_file_says_what_it_is(tmp_path: Path) -> None:
    write(tmp_path, a="")
    (tmp_path / "hosts.yml").write_text("all: {hosts: {web1: }}\n")
    [told] = problems(tmp_path)
    assert "hosts.yml does not begin with kind: patchops.policy, schema: 1" in told


def test_all_files_that_are_not_yaml_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, a="x: [", b="y: [")
    assert len(problems(tmp_path)) == 2


def test_an_empty_folder_is_no_policy(tmp_path: Path) -> None:
    [told] = problems(tmp_path)
    assert "the folder has no policy; put files that end in .yml or .yaml there" in told


def test_a_contradiction_in_one_section_is_told_beside_the_form_of_another(tmp_path: Path) -> None:
    write(tmp_path, a=waivers(("W1", "ann")) + "cycles: []\n")
    assert [told.split(": ")[1] for told in problems(tmp_path)] == ["cycles", "waivers.entries[0].approver"]
