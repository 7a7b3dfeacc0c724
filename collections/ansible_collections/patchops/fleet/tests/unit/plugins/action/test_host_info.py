# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.action.host_info import clock_offset

NINE = 1795338000.0  # 2026-11-22T09:00:00Z


@pytest.mark.parametrize(
    ("host_time", "offset"),
    [
        ("2026-11-22T09:00:00Z", 0),
        ("2026-11-22T09:00:05Z", 0),
        ("2026-11-22T08:00:00Z", -3600),
        ("2026-11-22T10:00:05Z", 3600),
    ],
)
def test_a_clock_is_off_when_it_lies_outside_of_the_call(host_time: str, offset: int) -> None:
    assert clock_offset(host_time, NINE, NINE + 5) == offset
