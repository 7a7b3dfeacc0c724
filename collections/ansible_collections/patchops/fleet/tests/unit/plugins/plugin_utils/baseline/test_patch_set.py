# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patch set of a baseline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import Decision, Update
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.patch_set import patch_set
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import read_patch_set

UPDATE = Update(
    platform="debian-12-amd64",
    name="openssl",
    arch="amd64",
    version="3.0.2",
    source="openssl",
    origin="Debian",
    suite="stable-security",
    classification="security",
    severity=None,
    exploited=False,
    first_seen=date(2026, 6, 10),
    waiting_since=date(2026, 6, 10),
    sha256="ab" * 32,
    size=1000,
)
APPROVED = Decision(UPDATE, "approved", "at once")


def test_only_what_is_approved_is_a_member() -> None:
    made = patch_set([APPROVED, Decision(UPDATE, "delayed", "later")], "2026-06-15T00:00:00Z")
    assert [member["name"] for member in made["platforms"]["debian-12-amd64"]["packages"]] == ["openssl"]


def test_it_is_a_document_that_is_not_sealed_yet() -> None:
    made = read_document(patch_set([APPROVED], "2026-06-15T00:00:00Z", "june"), "patchops.patch_set")
    assert (made["sealed_at"], made["name"]) == (None, "june")


def test_an_update_whose_bytes_nobody_knows_is_left_out() -> None:
    nameless = Decision(replace(UPDATE, sha256=None), "approved", "at once")
    assert patch_set([nameless], "2026-06-15T00:00:00Z")["platforms"] == {}


@pytest.mark.parametrize(
    "told",
    [{"sha256": "evil"}, {"name": "a\nb"}, {"version": "1 2"}, {"arch": "--purge"}, {"sha256": "x" * 64}],
)
def test_an_update_that_a_host_names_in_no_honest_way_does_not_spoil_the_set(told: dict[str, str]) -> None:
    strange = Decision(replace(UPDATE, **told), "approved", "at once")
    made = patch_set([APPROVED, strange], "2026-06-15T00:00:00Z")
    assert made["platforms"] == patch_set([APPROVED], "2026-06-15T00:00:00Z")["platforms"]
    read_patch_set(made)


def test_its_id_depends_on_its_content_only() -> None:
    assert (
        patch_set([APPROVED], "2026-06-15T00:00:00Z")["id"]
        == patch_set([APPROVED], "2026-07-01T00:00:00Z")["id"]
    )
    assert patch_set([APPROVED], "2026-06-15T00:00:00Z")["id"] != patch_set([], "2026-06-15T00:00:00Z")["id"]
