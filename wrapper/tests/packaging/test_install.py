# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way to get PatchOps gives a collection whose modules are found and whose playbooks run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Tool = Callable[..., str]

COLLECTION = Path("ansible_collections/patchops/fleet")
INSIDE = f"#/collections/{COLLECTION}"
NO_GALAXY_SERVER = {"ANSIBLE_GALAXY_SERVER": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def wheel(working_copy: Path, tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("wheel")
    tool(sys.executable, "-m", "build", "--wheel", "--outdir", output, cwd=working_copy)
    (built,) = output.glob("patchops-*.whl")
    return built


@pytest.fixture(scope="module")
def wheel_environment(wheel: Path, tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` directory of a new environment in which nothing but the wheel was installed."""
    environment = tmp_path_factory.mktemp("wheel-environment")
    tool(sys.executable, "-m", "venv", environment, cwd=environment)
    tool(environment / "bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=environment)
    return environment / "bin"


def assert_collection_works(
    tool: Tool, bin: Path, place: Path, scratch: Path, settings: dict[str, str]
) -> None:
    """Ask Ansible's own commands where a module is, and run a playbook on this machine."""
    env = {"HOME": str(scratch), "ANSIBLE_HOME": str(scratch / "ansible"), **settings}
    described = tool("ansible-doc", "--json", "patchops.fleet.host_info", cwd=scratch, env=env, bin=bin)
    found_at = Path(json.loads(described)["patchops.fleet.host_info"]["doc"]["filename"])
    assert found_at.resolve().is_relative_to(place.resolve())

    listing = tool("ansible-playbook", "patchops.fleet.patch", "--list-tasks", cwd=scratch, env=env, bin=bin)
    assert "/playbooks/patch.yml" in listing

    variables = {
        "ansible_python_interpreter": sys.executable,
        "patchops_document_store": {"kind": "directory", "path": str(scratch / "documents")},
        # Whether the repositories of the machine that runs the tests can be read is not ours to say.
        "patchops_fail_on": ["failed"],
    }
    here = [
        "--inventory=localhost,",
        "--connection=local",
        "--check",
        f"--extra-vars={json.dumps(variables)}",
    ]
    recap = tool("ansible-playbook", "patchops.fleet.scan", *here, cwd=scratch, env=env, bin=bin)
    assert "failed=0" in recap


@pytest.mark.parametrize("path_in_repository", ["", INSIDE], ids=["repository", "collection-inside"])
@pytest.mark.parametrize("core", ["2.16", "2.19"])
def test_a_git_address_installs_as_the_collection(
    core: str,
    path_in_repository: str,
    working_copy: Path,
    ansible_core: Callable[[str], Path],
    tool: Tool,
    tmp_path: Path,
) -> None:
    bin = ansible_core(core)
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    address = f"git+file://{working_copy}{path_in_repository}"
    install = ["ansible-galaxy", "collection", "install", address, "--collections-path", tmp_path]
    tool(*install, cwd=tmp_path, env={**settings, **NO_GALAXY_SERVER}, bin=bin)
    assert_collection_works(tool, bin, tmp_path / COLLECTION, tmp_path, settings)


def test_the_wheel_gives_the_command_and_the_collection(
    wheel_environment: Path, tool: Tool, tmp_path: Path
) -> None:
    assert tool(wheel_environment / "patchops", "--version", cwd=tmp_path).strip().endswith("0.1.0")
    assert_collection_works(tool, wheel_environment, wheel_environment.parent, tmp_path, {})


def test_the_lab_is_named_with_what_brings_it_and_works_once_installed(
    wheel_environment: Path, working_copy: Path, tool: Tool, tmp_path: Path
) -> None:
    lab = [wheel_environment / "patchops", "lab", "list"]
    missing = subprocess.run(lab, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "Error: `patchops lab` is not installed here; it comes with patchops-lab." in missing.stderr
    assert "pip install patchops-lab" in missing.stderr

    tool(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, working_copy / "lab", cwd=tmp_path)
    (wheel,) = tmp_path.glob("patchops_lab-*.whl")
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"patchops_lab"}
    tool(wheel_environment / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert tool(*lab, cwd=tmp_path, env={"PATCHOPS_LAB_STATE": str(tmp_path / "labs")}) == ""


def test_the_wheel_holds_the_package_and_the_collection_and_no_tests(wheel: Path, working_copy: Path) -> None:
    sources = {"patchops": working_copy / "wrapper", str(COLLECTION): working_copy / "collections"}
    expected = {
        str(path.relative_to(base))
        for package, base in sources.items()
        for path in (base / package).rglob("*")
        if path.is_file() and not path.is_relative_to(base / COLLECTION / "tests")
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert "patchops/py.typed" in packed


def test_the_release_artifact_holds_what_users_need_and_no_tests(artifact: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(artifact, tmp_path, filter="data")
    assert (tmp_path / "plugins/modules/host_info.py").is_file()
    assert (tmp_path / "playbooks/scan.yml").is_file()
    assert not (tmp_path / "tests").exists()
