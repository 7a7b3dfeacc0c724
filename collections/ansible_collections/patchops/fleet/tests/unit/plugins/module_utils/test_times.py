# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.times import (
    format_time,
    now,
    parse_release_date,
)


def test_times_are_written_in_utc_with_a_z() -> None:
    assert format_time(1795341420.9) == "2026-11-22T09:57:00Z"


def test_now_is_in_that_form() -> None:
    assert len(now()) == len("2026-11-22T09:57:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 22 Nov 2026 09:57:00 UTC",
        "Sun, 22 Nov 2026 09:57:00 GMT",
        "Sun, 22 Nov 2026 09:57:00 +0000",
        "Sun, 22 Nov 2026 10:57:00 +0100",
    ],
)
def test_dates_of_release_files_are_read(text: str) -> None:
    assert parse_release_date(text) == 1795341420


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date"):
        parse_release_date(text)
