# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the approval delay."""

from __future__ import annotations

from datetime import date

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.sightings import record, waiting_since
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import key_function

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
SEEN = {"1.1-1": MARCH, "1.1-2": APRIL, "1.1-10": MAY}


def test_a_version_seen_again_keeps_its_first_day() -> None:
    assert record({"1.1-1": MARCH}, "1.1-1", MAY) == {"1.1-1": MARCH}


def test_a_new_version_begins_today() -> None:
    assert record({"1.1-1": MARCH}, "1.1-2", MAY) == {"1.1-1": MARCH, "1.1-2": MAY}


def test_a_re_issued_update_does_not_restart_the_wait() -> None:
    assert waiting_since(SEEN, "1.0-1", "1.1-10", key_function("deb")) == MARCH


def test_what_is_installed_already_waits_no_more() -> None:
    assert waiting_since(SEEN, "1.1-2", "1.1-10", key_function("deb")) == MAY


def test_a_version_newer_than_the_offered_one_does_not_count() -> None:
    assert waiting_since({"2.0-1": MARCH, "1.1-2": APRIL}, "1.0-1", "1.1-2", key_function("deb")) == APRIL
