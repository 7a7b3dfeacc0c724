# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One version: of the distribution, of the collection and of the documents that they exchange."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import patchops
import patchops_lab
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION

pytestmark = pytest.mark.fast


def test_the_collection_the_wrapper_and_the_lab_carry_the_same_version(repository: Path) -> None:
    collection = yaml.safe_load((repository / "galaxy.yml").read_text("utf-8"))["version"]
    assert collection == patchops.__version__ == patchops_lab.__version__ == ENGINE_VERSION
