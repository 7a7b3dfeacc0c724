# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code that runs on hosts is Python 3.6 with its standard library, as Enterprise Linux 8 has no other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

Tool = Callable[..., str]
COLLECTIONS = Path(__file__).resolve().parents[3] / "collections"
PLUGINS = COLLECTIONS / "ansible_collections/patchops/fleet/plugins"
HOST_SIDE = sorted([*PLUGINS.glob("modules/**/*.py"), *PLUGINS.glob("module_utils/**/*.py")])
# What makes modules of operations; nothing that runs detached, without Ansible, imports it.
_AS_MODULE = PLUGINS / "module_utils/operations/as_module.py"
SHARED_CODE = [
    path for path in HOST_SIDE if path.is_relative_to(PLUGINS / "module_utils") and path != _AS_MODULE
]


def _relative(path: Path) -> str:
    return str(path.relative_to(PLUGINS))


@pytest.mark.fast
@pytest.mark.parametrize("source", HOST_SIDE, ids=_relative)
def test_host_code_parses_as_python_3_6(source: Path) -> None:
    ast.parse(source.read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.fast
def test_host_code_uses_nothing_newer_than_python_3_6(repository: Path, tool: Tool) -> None:
    tool("vermin", "--no-tips", "--violations", "--target=3.6-", *HOST_SIDE, cwd=repository)


@pytest.mark.fast
@pytest.mark.parametrize("source", SHARED_CODE, ids=_relative)
def test_shared_host_code_imports_nothing_of_ansible(source: Path) -> None:
    statements = ast.walk(ast.parse(source.read_text("utf-8")))
    modules = [node.module or "" for node in statements if isinstance(node, ast.ImportFrom)]
    assert [module for module in modules if module.startswith("ansible.")] == []


@pytest.mark.fast
def test_shared_host_code_imports_under_a_real_python_3_6(python36: Path, tool: Tool) -> None:
    names = [".".join(path.relative_to(COLLECTIONS).with_suffix("").parts) for path in SHARED_CODE]
    modules = [name.removesuffix(".__init__") for name in names]
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    environment = {"PYTHONPATH": str(COLLECTIONS)}
    tool(python36, "-W", "error", "-c", script, *modules, cwd=COLLECTIONS, env=environment)


@pytest.mark.parametrize("module", ["host_info", "transaction_info"])
def test_a_module_runs_under_a_real_python_3_6(
    module: str, python36: Path, ansible_core: Callable[[str], Path], tool: Tool, tmp_path: Path
) -> None:
    here = ["localhost", "--inventory=localhost,", "--connection=local", "--check", "--one-line"]
    python = f"--extra-vars=ansible_python_interpreter={python36}"
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "HOME": str(tmp_path)}
    command = ["ansible", *here, python, f"--module-name=patchops.fleet.{module}"]
    printed = tool(*command, cwd=tmp_path, env=environment, bin=ansible_core("2.16"))
    assert '"class": "ok"' in printed
