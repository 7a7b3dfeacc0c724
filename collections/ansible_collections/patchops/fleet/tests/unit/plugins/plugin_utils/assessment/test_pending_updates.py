# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes an update has is what most hosts of its platform tell."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.pending_updates import PendingUpdates

from .fakes import HOST, UPDATE

TRUE, LIE = "ab" * 32, "cd" * 32


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ([TRUE], TRUE),
        ([LIE, TRUE, TRUE], TRUE),
        ([TRUE, TRUE, LIE], TRUE),
        ([None, TRUE], TRUE),
        ([LIE, TRUE], None),
        ([None, None], None),
    ],
)
def test_the_bytes_of_an_update_are_those_that_most_hosts_tell(
    told: list[str | None], believed: str | None
) -> None:
    pending = PendingUpdates()
    for sha256 in told:
        pending.add({**HOST, "updates": [{**UPDATE, "sha256": sha256}]}, [])
    [update], _sightings = pending.updates(None, date(2026, 12, 1))
    assert update.sha256 == believed
    assert update.size == (1000 if believed else None)
