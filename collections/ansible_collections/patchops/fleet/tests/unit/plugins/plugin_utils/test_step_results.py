# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results that roles and playbooks leave are those of the table, and no text names another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.patchops.fleet.plugins.plugin_utils.step_results import STEP_RESULTS

COLLECTION = Path(__file__).resolve().parents[4]
OURS = "patchops.fleet."
FILES = sorted((*COLLECTION.glob("roles/*/[dt]*/*.yml"), *COLLECTION.glob("playbooks/*.yml")))
# These speak of the run, and not of a host; nobody decides by them what became of one.
OF_THE_RUN = {"run_plan", "report", "seal", "assess"}
# What the end of a run does with hosts that it leaves: nothing is decided after it.
LAST = {"Let go of the host"}
# The rescue of a hook records by the same variable as the role that records anything unexpected.
ALSO = {("patchops_report_unexpected", "patchops_deploy", "hook")}
# A name that begins like a role: an option of it, or a result.
_OF_A_ROLE = re.compile(r"\bpatchops_(?:discover|verify|deploy|reboot|rollback|report|gate|assess)_\w+")
NO_OPTIONS = {"patchops_assess_result", "patchops_reboot_at_once"}


class Left(NamedTuple):
    """A variable that a task leaves: by which role and file, and of which action."""

    variable: str
    role: str | None
    tasks: str | None
    action: str | None


def tasks_of(document: Any) -> Iterator[dict[str, Any]]:
    """Return every task of a file of tasks or plays, those in blocks included."""
    for entry in document or []:
        yield entry
        for section in ("tasks", "block", "rescue", "always"):
            yield from tasks_of(entry.get(section))


def left_by(path: Path, role: str | None) -> Iterator[Left]:
    """Return what the tasks of a file leave of steps with hosts."""
    tasks = path.stem if role else None
    for task in tasks_of(yaml.safe_load(path.read_text("utf-8"))):
        action = next((name.removeprefix(OURS) for name in task if name.startswith(OURS)), None)
        facts = task.get("ansible.builtin.set_fact", {})
        yield from (Left(name, role, tasks, None) for name, value in facts.items() if "outcome" in value)
        if action and action not in OF_THE_RUN and task["name"] not in LAST:
            yield Left(task.get("register", f"nothing, in {task['name']!r}"), role, tasks, action)


def all_left() -> set[Left]:
    files = [(path, path.parents[1].name) for path in COLLECTION.glob("roles/*/tasks/*.yml")]
    files += [(path, None) for path in COLLECTION.glob("playbooks/*.yml")]  # type: ignore[list-item]
    return {left for path, role in files for left in left_by(path, role)}


def _options() -> Iterator[str]:
    for path in COLLECTION.glob("roles/*/defaults/main.yml"):
        yield from yaml.safe_load(path.read_text("utf-8"))
    yield "patchops_assess_database"  # has no default


def entry_points(role: str) -> str:
    return (COLLECTION / "roles" / role / "meta/argument_specs.yml").read_text("utf-8")


def test_roles_and_playbooks_leave_the_results_of_the_table_and_no_others() -> None:
    left = {one for one in all_left() if one[:3] not in ALSO}
    assert left == {Left(*one) for one in STEP_RESULTS.values()}


def test_no_two_steps_share_a_result() -> None:
    variables = [one.variable for one in STEP_RESULTS.values()]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COLLECTION)))
def test_a_name_that_begins_like_a_role_is_an_option_or_a_result(path: Path) -> None:
    results = {one.variable for one in STEP_RESULTS.values()}
    known = results | NO_OPTIONS | set(_options())
    assert set(_OF_A_ROLE.findall(path.read_text("utf-8"))) - known == set()


@pytest.mark.parametrize("step", [step for step, one in STEP_RESULTS.items() if one.role])
def test_a_role_documents_the_result_that_it_leaves(step: str) -> None:
    left = STEP_RESULTS[step]
    assert left.role is not None
    assert f"C({left.variable})" in entry_points(left.role)


def test_a_renamed_register_is_found(tmp_path: Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text("- name: Look\n  patchops.fleet.host_info:\n  register: patchops_discover_answer\n")
    assert set(left_by(path, "patchops_discover")) == {
        Left("patchops_discover_answer", "patchops_discover", "main", "host_info")
    }
    assert Left(*STEP_RESULTS["discover"]) not in set(left_by(path, "patchops_discover"))


def test_a_step_that_leaves_nothing_is_found(tmp_path: Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text("- name: Outer\n  block:\n    - name: Look\n      patchops.fleet.host_info:\n")
    assert [one.variable for one in left_by(path, "patchops_discover")] == ["nothing, in 'Look'"]
