# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario runs on the collection as it is released, in a scratch directory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab


@pytest.mark.usefixtures("lab_machine")
def test_the_molecule_scenario_passes(
    built_collection: Path, working_copy: Path, tool: Callable[..., str], tmp_path: Path
) -> None:
    collection = tmp_path / "ansible_collections/patchops/fleet"
    shutil.copytree(built_collection, collection)
    shutil.copytree(working_copy / "molecule", collection / "molecule")
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "PATCHOPS_MOLECULE_LAB": f"test-{os.getpid()}-molecule",
    }
    tool("molecule", "test", cwd=collection, env=environment)
