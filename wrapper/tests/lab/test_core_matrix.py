# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks do the same under each ansible-core that is supported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops.lab.lab import Lab

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
    assert sorted(path.parent.name for path in tmp_path.rglob("host.json")) == ["bookworm", "trixie"]

    tool("ansible-playbook", "patchops.fleet.patch", *common, cwd=tmp_path, env=environment, bin=bin)
    for host in (fresh_lab.host("bookworm"), fresh_lab.host("trixie")):
        assert [version for name, version, _ in host.packages() if name == "lab-goodapp"] == ["1.1"]
