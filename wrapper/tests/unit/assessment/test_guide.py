# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that the guide shows are policies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import parse_policy

GUIDE = Path(__file__).resolve().parents[4] / "docs/guides/assessment.md"
HEAD = "kind: patchops.policy\nschema: 1\n"
EXAMPLES = [
    text
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    if not text.startswith("patchops_")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_policy_of_the_guide_is_accepted(example: str) -> None:
    assert parse_policy(HEAD + example.removeprefix(HEAD), "guide").source == "guide"


def test_the_guide_shows_due_dates_acts_waivers_and_a_baseline() -> None:
    assert len(EXAMPLES) == 5
