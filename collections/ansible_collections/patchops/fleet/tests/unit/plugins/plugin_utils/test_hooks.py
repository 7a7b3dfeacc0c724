# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.patchops.fleet.plugins.plugin_utils.hooks import HookError, check_hook, read_hook


@pytest.fixture
def loader(tmp_path: Path) -> DataLoader:
    """A loader whose playbook directory has one role, `drain`, with the task files main and fast."""
    tasks = tmp_path / "roles" / "drain" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text("[]\n")
    (tasks / "fast.yml").write_text("[]\n")
    loader = DataLoader()
    loader.set_basedir(str(tmp_path))
    return loader


@pytest.mark.parametrize("value", [None, "", {}])
def test_no_hook_is_no_hook(value: Any) -> None:
    assert read_hook(value) is None


@pytest.mark.parametrize(
    ("value", "hook"),
    [
        ("drain", {"role": "drain", "tasks_from": "main"}),
        ({"role": "drain", "tasks_from": "fast"}, {"role": "drain", "tasks_from": "fast"}),
        ("/etc/patchops/drain.yml", {"path": "/etc/patchops/drain.yml"}),
    ],
)
def test_a_hook_is_a_role_or_an_absolute_path(value: Any, hook: dict[str, str]) -> None:
    assert read_hook(value) == hook


@pytest.mark.parametrize(
    "value", ["tasks/drain.yml", "drain.yml", {"tasks_from": "fast"}, {"role": "a", "x": 1}, 5]
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(HookError):
        read_hook(value)


@pytest.mark.parametrize("value", ["drain", {"role": "drain", "tasks_from": "fast"}])
def test_a_role_that_is_there_passes(loader: DataLoader, value: Any) -> None:
    check_hook("web1", "patchops_hook_drain", value, loader)


def test_a_role_that_is_missing_is_named(loader: DataLoader) -> None:
    with pytest.raises(
        HookError, match=r"patchops_hook_drain \(as web1 has it\): the role nosuch is not found"
    ):
        check_hook("web1", "patchops_hook_drain", "nosuch", loader)


def test_a_task_file_that_the_role_lacks_is_named(loader: DataLoader) -> None:
    with pytest.raises(HookError, match=r"drain/tasks/slow\.yml can't be read on the controller"):
        check_hook("web1", "patchops_hook_drain", {"role": "drain", "tasks_from": "slow"}, loader)


def test_a_path_that_is_missing_is_named(loader: DataLoader, tmp_path: Path) -> None:
    with pytest.raises(HookError, match="can't be read on the controller"):
        check_hook("web1", "patchops_hook_drain", str(tmp_path / "nosuch.yml"), loader)
