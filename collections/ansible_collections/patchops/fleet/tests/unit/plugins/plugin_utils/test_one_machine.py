# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.one_machine import names_of_one_machine


def asked(*identity: str) -> dict[str, Any]:
    return {"discover": {"host": {"machine": list(identity) or None}}}


def test_two_names_that_lead_to_one_machine_are_told() -> None:
    results = {
        "web": asked("m1", "b1", "web"),
        "www": asked("m1", "b1", "web"),
        "db": asked("m2", "b2", "db"),
    }
    assert names_of_one_machine(results) == [["web", "www"]]


def test_clones_and_containers_of_one_kernel_are_machines_of_their_own() -> None:
    results = {"a": asked("m1", "b1", "a"), "b": asked("m1", "b1", "b"), "c": asked("m1", "b2", "a")}
    assert names_of_one_machine(results) == []


def test_hosts_that_could_not_be_asked_are_nobodys_twins() -> None:
    assert names_of_one_machine({"a": asked(), "b": asked(), "c": {}}) == []
