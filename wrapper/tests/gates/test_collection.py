# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as it is released passes the checks of Ansible's own tools, in a scratch copy.

In the checkout those tools would leave an installed copy of the collection that shadows the source.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Tool = Callable[..., str]
SANITY = ("ansible-test", "sanity", "--python=3.11", "--color=no")
UNITS = ("ansible-test", "units", "--python=3.11", "--color=no")
ANSIBLE_TEST_HOME = Path(__file__).parent / "ansible_test_home"


@pytest.fixture
def home_with_pip(cache: Path) -> Iterator[Path]:
    """Give ansible-test a home of its own, which keeps its virtual environments between runs.

    It would download pip's bootstrap script; the one put there installs the pip that Python carries.
    """
    home = cache / "ansible-test"
    downloads = home / ".ansible/test/cache"
    downloads.mkdir(parents=True, exist_ok=True)
    # It makes environments without a lock of its own, and another checkout may be under test.
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copy(ANSIBLE_TEST_HOME / "get_pip.py", downloads / "get_pip_24_2.py")
        pip_settings = Path.home() / ".config/pip"
        if pip_settings.is_dir() and not (home / ".config/pip").exists():
            (home / ".config").mkdir(exist_ok=True)
            (home / ".config/pip").symlink_to(pip_settings)
        yield home


def test_ansible_tests_sanity_checks_pass(built_collection: Path, home_with_pip: Path, tool: Tool) -> None:
    tool(*SANITY, "--skip-test=pylint", cwd=built_collection, env={"HOME": str(home_with_pip)})


# Three quarters of the time of all these checks; ruff, which is always asked, finds most of what it finds.
@pytest.mark.full
def test_ansible_tests_pylint_finds_nothing(built_collection: Path, home_with_pip: Path, tool: Tool) -> None:
    tool(*SANITY, "--test=pylint", cwd=built_collection, env={"HOME": str(home_with_pip)})


def test_unit_tests_of_plugins_pass_under_ansible_test(built_collection: Path, tool: Tool) -> None:
    tool(*UNITS, "tests/unit/plugins/action/", "tests/unit/plugins/filter/", cwd=built_collection)


@pytest.mark.full
def test_all_unit_tests_pass_under_ansible_test(built_collection: Path, tool: Tool) -> None:
    tool(*UNITS, cwd=built_collection)


def test_ansible_lints_production_profile_passes(
    built_collection: Path, repository: Path, tool: Tool, tmp_path: Path
) -> None:
    linted = tmp_path / "ansible_collections/patchops/fleet"
    shutil.copytree(built_collection, linted)
    shutil.copytree(repository / "molecule", linted / "molecule")
    shutil.copy(repository / ".ansible-lint", linted)
    tool("ansible-lint", cwd=linted, env={"ANSIBLE_COLLECTIONS_PATH": str(tmp_path)})
