# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says about a host."""

from __future__ import annotations

from datetime import date

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.host_facts import (
    VariableError,
    host_facts,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import HostContext


def test_nothing_said_means_unknown() -> None:
    assert host_facts("web1").context == HostContext(None, None, None)
    assert host_facts("web1").context.counts_as_exposed


def test_exposure_and_criticality_are_read() -> None:
    facts = host_facts(
        "web1",
        ["web"],
        {
            "patchops_exposure": "exposed",
            "patchops_exposed_since": "2026-01-01",
            "patchops_criticality": "high",
        },
    )
    assert facts.context == HostContext(True, date(2026, 1, 1), "high")


def test_a_day_of_exposure_counts_for_exposed_hosts_only() -> None:
    variables = {"patchops_exposure": "internal", "patchops_exposed_since": "2026-01-01"}
    assert host_facts("web1", [], variables).context == HostContext(False, None, None)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "patchops_exposure",
            "public",
            "web1: patchops_exposure is 'public'; write one of exposed, internal",
        ),
        ("patchops_criticality", 1, "web1: patchops_criticality is 1; write one of low, medium"),
        ("patchops_exposed_since", "soon", "web1: patchops_exposed_since is 'soon'; write a day"),
    ],
)
def test_a_value_that_nobody_can_act_on_is_refused(variable: str, value: object, message: str) -> None:
    with pytest.raises(VariableError, match=message):
        host_facts("web1", [], {variable: value})
