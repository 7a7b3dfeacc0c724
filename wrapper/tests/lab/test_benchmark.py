# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs and shows every contender; how fast each is, is no matter of a test."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import contenders

pytestmark = pytest.mark.lab

LABELS = [
    contenders.PING,
    contenders.FACTS,
    contenders.SCAN,
    contenders.SCAN_KNOWN,
    contenders.PLAIN,
    contenders.PATCH,
    contenders.STAGE,
    contenders.WINDOW,
]


def test_a_quick_run_shows_every_contender_and_every_ratio(lab_machine: None) -> None:
    name = f"test-{os.getpid()}-bench"
    command = [sys.executable, "-m", "benchmarks.side_by_side", "--quick", "--json", "--lab", name]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=900).stdout
    result = json.loads(printed)
    assert [row["label"] for row in result["rows"]] == LABELS
    assert [(one["first"], one["second"]) for one in result["ratios"]] == list(contenders.RATIOS)
    assert all(row["wall"]["low"] > 0 and row["cpu"]["low"] > 0 for row in result["rows"])
