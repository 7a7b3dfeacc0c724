# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy that the guide shows is one, and the guide names every key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.load import SCHEMA_FILE
from patchops.policy.rollouts import load_rollout_policy

from .rollout_policy import TODAY, write_site

GUIDE = (Path(__file__).resolve().parents[4] / "docs/guides/policy.md").read_text("utf-8")


def test_the_policy_of_the_guide_is_accepted(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    path = write_site(tmp_path, example)
    (tmp_path / "inventories/aws_ec2.yml").write_text("all: {}\n", encoding="utf-8")
    assert load_rollout_policy(path, TODAY).cycles["monthly"].rings[3].name == "broad"


@pytest.mark.parametrize("kind", ["inventory", "recipient", "cycle", "ring", "gate", "notice"])
def test_the_guide_names_every_key(kind: str) -> None:
    keys = json.loads(SCHEMA_FILE.read_text("utf-8"))["$defs"][kind]["properties"]
    assert [key for key in keys if not re.search(rf"`{key}[`:]", GUIDE)] == []
