# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible itself reads the inventory and matches the patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops.errors import InputError
from patchops.runner.listing import list_inventory, match_patterns

INVENTORY = """\
all:
  vars: {patchops_inventory: prod}
  children:
    linux:
      children:
        canary: {hosts: {c1: {patchops_timezone: Asia/Tokyo}, c2: }}
        web: {hosts: {"w[1:3]": {site: "{{ place }}"}}}
    appliances: {hosts: {w3: }}
"""
LONG = "a-name-with-many-hyphens-that-is-longer-than-the-width-of-a-terminal-which-ansible-wraps-at"


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    path = tmp_path / "hosts.yml"
    path.write_text(INVENTORY, encoding="utf-8")
    return str(path)


def test_hosts_are_listed_with_all_their_groups_and_variables(inventory: str) -> None:
    listing = list_inventory([inventory])
    assert sorted(listing.groups) == ["c1", "c2", "w1", "w2", "w3"]
    assert set(listing.groups["w3"]) == {"all", "linux", "web", "appliances"}
    assert listing.variables["c1"]["patchops_timezone"] == "Asia/Tokyo"
    assert listing.variables["w1"]["site"] == "{{ place }}"
    assert listing.inventory().key == "prod"
    assert listing.inventory("other").key == "other"
    assert listing.group_names == {"all", "linux", "canary", "web", "appliances"}


def test_all_patterns_are_matched_at_once_and_unknown_names_are_told(inventory: str) -> None:
    patterns = ["linux:!appliances", "w[0:1]", "web:&appliances", "nobody", f"canary:!{LONG}", "~c.*"]
    matches = match_patterns([inventory], patterns)
    assert matches.hosts == {
        "linux:!appliances": ("c1", "c2", "w1", "w2"),
        "w[0:1]": (),
        "web:&appliances": ("w3",),
        "nobody": (),
        f"canary:!{LONG}": ("c1", "c2"),
        "~c.*": ("c1", "c2"),
    }
    assert matches.unknown == ("w", "nobody", LONG)


def test_a_pattern_that_ansible_cannot_read_is_told_beside_the_others(inventory: str) -> None:
    matches = match_patterns([inventory], ["canary", "~(", "nobody"])
    assert matches.hosts == {"canary": ("c1", "c2"), "~(": (), "nobody": ()}
    assert matches.unknown == ("nobody",)
    assert list(matches.refused) == ["~("]
    assert "~(" in matches.refused["~("]


def test_an_inventory_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: [", encoding="utf-8")
    for ask in (lambda source: list_inventory([source]), lambda source: match_patterns([source], ["all"])):
        with pytest.raises(InputError, match="Ansible could not read the inventory"):
            ask(str(tmp_path / "hosts.yml"))
