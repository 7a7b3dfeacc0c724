# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the fault matrix on real hosts; `make test` runs some of them, `make full` all."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from patchops_lab.lab import Lab
from patchops_lab.testing import MakeLab

from .matrix import ROWS, UNFINISHED, Row
from .trial import Trial, hosts_of

pytestmark = pytest.mark.lab

LabOf = Callable[[str, str], Lab]


def case(row: Row, release: str) -> object:
    marks = [pytest.mark.xdist_group(f"faults-{release}")]
    if release not in row.quick:
        marks.append(pytest.mark.faults)
    return pytest.param(release, row, marks=marks, id=f"{release}-{row.fault} {row.when}".replace(" ", "-"))


@pytest.fixture(scope="module")
def lab_of(make_lab: MakeLab) -> LabOf:
    """The lab with the hosts for rows about one kind of host on one distribution, made when first wanted."""

    @functools.cache
    def lab_of(kind: str, release: str) -> Lab:
        return make_lab(*hosts_of(kind, release))

    return lab_of


@pytest.mark.parametrize(
    ("release", "row"), [case(row, release) for row in ROWS for release in row.releases()]
)
def test_a_fault_ends_as_its_row_says(lab_of: LabOf, tmp_path: Path, release: str, row: Row) -> None:
    trial = Trial(lab_of(row.host, release), row, tmp_path)
    expected = trial.expected

    told = trial.suffer()
    assert told.get("code", "") in expected.codes, told
    assert re.search(expected.names, told.get("message", "")), told
    assert expected.packages in (trial.left, UNFINISHED), told

    again = trial.call()
    assert (again["code"], trial.packages()) in expected.ends, again
    assert trial.audit() == ""
    assert trial.host.ssh("id", "-un").strip() == "admin"
