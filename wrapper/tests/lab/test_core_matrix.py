# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks do the same under each ansible-core that is supported."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops_lab.hosts import LabHost
from patchops_lab.lab import Lab
from patchops_lab.spec import HostSpec
from patchops_lab.testing import MakeLab

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("core", ["2.16", "2.19", "2.21"])
def test_hosts_are_scanned_and_patched(
    core: str,
    ansible_core: Callable[[str], Path],
    fresh_lab: Lab,
    repository: Path,
    tool: Callable[..., str],
    tmp_path: Path,
) -> None:
    bin = ansible_core(core)
    variables = {
        "patchops_hosts": "bookworm,trixie",
        "patchops_packages": ["lab-goodapp"],
        "patchops_document_store": {"kind": "directory", "path": str(tmp_path / "documents")},
    }
    common = ["--inventory", fresh_lab.paths.inventory, "--extra-vars", json.dumps(variables)]
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(repository / "collections"),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
    }

    tool("ansible-playbook", "patchops.fleet.scan", *common, cwd=tmp_path, env=environment, bin=bin)
    kept = sorted(path.parent.name.partition("@")[0] for path in tmp_path.rglob("host.json"))
    assert kept == ["bookworm", "trixie"]

    tool("ansible-playbook", "patchops.fleet.patch", *common, cwd=tmp_path, env=environment, bin=bin)
    for host in (fresh_lab.host("bookworm"), fresh_lab.host("trixie")):
        assert [version for name, version, _ in host.packages() if name == "lab-goodapp"] == ["1.1"]


@pytest.fixture(scope="module")
def host_of_python36(make_lab: MakeLab, python36: Path) -> LabHost:
    """A host with dnf where Ansible has Python 3.6, without the bindings to dnf: as on Enterprise Linux 8."""
    interpreter = {"ansible_python_interpreter": str(python36)}
    host = make_lab(HostSpec("old1", "rocky9", apps=("goodapp",), variables=interpreter)).host("old1")
    # At the same place: it looks for its library where it was built.
    place = python36.parents[1]
    left_out = [f"--exclude={name}" for name in ("test", "site-packages", "__pycache__", "*.a")]
    parts = [python36, *place.glob("lib/libpython*"), place / "lib/python3.6"]
    pack = ["tar", "-c", "-P", *left_out, *map(str, parts)]
    packed = subprocess.run(pack, capture_output=True, check=True)
    subprocess.run(host.command("tar", "-x", "-P"), input=packed.stdout, check=True)
    return host


def test_a_host_of_python_3_6_is_patched_and_taken_back(
    ansible_core: Callable[[str], Path],
    host_of_python36: LabHost,
    repository: Path,
    tool: Callable[..., str],
    tmp_path: Path,
) -> None:
    host, bin = host_of_python36, ansible_core("2.16")
    before = host.packages()
    variables = {
        "patchops_hosts": "old1",
        "patchops_select": "all",
        "patchops_document_store": {"kind": "directory", "path": str(tmp_path / "documents")},
    }
    common = ["--inventory", host.lab_paths.inventory, "--extra-vars", json.dumps(variables)]
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(repository / "collections"),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
    }

    tool("ansible-playbook", "patchops.fleet.patch", *common, cwd=tmp_path, env=environment, bin=bin)
    assert ("lab-goodapp", "1.1-1.el9", "noarch") in host.packages()
    [kept] = tmp_path.rglob("host.json")
    assert json.loads(kept.read_text())["python"]["version"].startswith("3.6.")

    tool("ansible-playbook", "patchops.fleet.rollback", *common, cwd=tmp_path, env=environment, bin=bin)
    assert host.packages() == before
