# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab on paper: paths and a record, nothing of which exists."""

from pathlib import Path

import pytest

from patchops_lab.paths import LabPaths
from patchops_lab.spec import HostSpec, LabSpec
from patchops_lab.state import HostRecord, LabRecord


@pytest.fixture
def paths(tmp_path: Path) -> LabPaths:
    return LabPaths(tmp_path / "with space")


@pytest.fixture
def record() -> LabRecord:
    jump = HostSpec("jump", groups=("canary",))
    behind = HostSpec("db", release="trixie", bastion="jump", sudo_password="s3cret", variables={"tier": 1})
    image = Path("/cache/images/abc/root")
    return LabRecord(
        LabSpec("demo", (jump, behind)),
        (
            HostRecord(jump, "abc-000", "10.99.0.11", (Path("/cache/layers/def/upper"), image)),
            HostRecord(behind, "abc-001", "10.99.0.12", (image,)),
        ),
    )
