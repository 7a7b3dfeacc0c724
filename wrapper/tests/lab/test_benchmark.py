# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs and shows every contender; how fast each is, is no matter of a test."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.contenders import PATCH, PATCH_RATIOS, PLAIN, STAGE, WINDOW

pytestmark = pytest.mark.lab

ONE_HOST = ("--part", "dnf", "--hosts", "1", "--runs", "1", "--seconds", "0", "--json")


def test_one_run_on_one_host_shows_every_contender_and_every_ratio(lab_machine: None) -> None:
    name = f"test-{os.getpid()}-bench"
    command = [sys.executable, "-m", "benchmarks.side_by_side", *ONE_HOST, "--lab", name]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=900).stdout
    (part,) = json.loads(printed)["parts"]
    assert [row["label"] for row in part["rows"]] == [PLAIN, PATCH, STAGE, WINDOW]
    assert [(one["first"], one["second"]) for one in part["ratios"]] == list(PATCH_RATIOS)
    assert all(row["wall"]["low"] > 0 and row["cpu"]["low"] > 0 for row in part["rows"])
    assert all(row["megabytes_per_host"] > 0.1 for row in part["rows"])
