# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import boot_time

STAT = "cpu  1 2 3\nbtime 1795341000\nprocesses 99\n"
FIRST = "1 (sys temd) (x)) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {start} 100 200"


def test_a_machine_boots_when_its_kernel_starts() -> None:
    assert boot_time(STAT, FIRST.format(start=3), 100) == 1795341000.03


def test_a_container_boots_when_its_first_process_starts() -> None:
    assert boot_time(STAT, FIRST.format(start=360000), 100) == 1795344600
