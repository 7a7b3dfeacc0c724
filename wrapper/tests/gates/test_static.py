# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the tree without running it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

Tool = Callable[..., str]
CONTROLLER_SIDE = ("plugin_utils", "action", "filter", "inventory")
HOST_SIDE = ("module_utils", "modules")
# The package manager in memory that unit tests of transactions use is a driver like the others.
DOUBLE = "tests/unit/plugins/module_utils/transaction/fakes.py"
COLLECTION = "collections/ansible_collections/patchops/fleet"


def test_ruff_finds_nothing(repository: Path, tool: Tool) -> None:
    tool("ruff", "check", ".", cwd=repository)


def test_the_code_is_formatted(repository: Path, tool: Tool) -> None:
    tool("ruff", "format", "--check", ".", cwd=repository)


def test_the_wrapper_is_fully_typed(repository: Path, tool: Tool) -> None:
    tool("mypy", "wrapper/patchops", "lab/patchops_lab", cwd=repository)


def test_the_collection_is_fully_typed(repository: Path, tool: Tool) -> None:
    # Hosts run Python 3.6 and newer; no mypy checks for a version that old, see test_host_python.py.
    plugins = repository / COLLECTION / "plugins"
    sources = [path for kind in CONTROLLER_SIDE + HOST_SIDE for path in (plugins / kind).rglob("*.py")]
    sources.append(repository / COLLECTION / DOUBLE)
    tool("mypy", "--python-version=3.10", *sources, cwd=repository)


def test_yamllint_finds_nothing(repository: Path, tool: Tool) -> None:
    tool("yamllint", "--strict", ".", cwd=repository)


def test_no_installed_copy_of_the_collection_shadows_the_source(repository: Path) -> None:
    assert not (repository / ".ansible/collections/ansible_collections/patchops").exists()


def test_every_source_file_names_its_licence(working_copy: Path) -> None:
    kinds = ("*.py", "*.yml", "*.yaml", "*.sh", "*.toml", "Makefile", "*.j2", "*.css", "*.js")
    sources = [path for kind in kinds for path in working_copy.rglob(kind) if _holds_something(path)]
    unnamed = [path for path in sources if "SPDX-License-Identifier" not in _head(path)]
    assert [str(path.relative_to(working_copy)) for path in unnamed] == []


def _holds_something(path: Path) -> bool:
    return not path.is_symlink() and path.stat().st_size > 0


def _head(path: Path) -> str:
    """Return the beginning of a file, or the file beside it that speaks for one that a tool writes."""
    beside = path.with_name(f"{path.name}.license")
    return (beside if beside.exists() else path).read_text("utf-8")[:500]
