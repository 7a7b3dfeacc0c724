# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.patchops.fleet.plugins.plugin_utils.one_machine import (
    known_machine,
    names_of_one_machine,
    refusal,
    same_machines,
)

T1, T2, T3 = (f"2026-12-0{day}T00:00:00Z" for day in (1, 2, 3))
WEB = {"machine_id": "m1", "hostname": "web"}
EVIL = {"machine_id": "m6", "hostname": "evil"}


def asked(*identity: str, since: str | None = None) -> dict[str, Any]:
    return {"discover": {"host": {"machine": list(identity) or None, "known_since": since}}}


def twin(since: str | None = None) -> dict[str, Any]:
    return asked("m1", "b1", "web", since=since)


def test_two_names_that_lead_to_one_machine_are_told() -> None:
    results = {"web": twin(), "www": twin(), "db": asked("m2", "b2", "db")}
    assert names_of_one_machine(results) == [["web", "www"]]


def test_clones_and_containers_of_one_kernel_are_machines_of_their_own() -> None:
    results = {"a": asked("m1", "b1", "a"), "b": asked("m1", "b1", "b"), "c": asked("m1", "b2", "a")}
    assert same_machines(results) == {}


def test_hosts_that_could_not_be_asked_are_nobodys_twins() -> None:
    assert same_machines({"a": asked(), "b": asked(), "c": {}, "d": {"discover": {"host": None}}}) == {}


@pytest.mark.parametrize(
    ("web", "www", "refused"),
    [
        (None, None, {"web": ["www"], "www": ["web"]}),
        (T1, None, {"www": ["web"]}),
        (None, T1, {"web": ["www"]}),
        (T1, T2, {"www": ["web"]}),
        (T1, T1, {"web": ["www"], "www": ["web"]}),
    ],
)
def test_the_newcomer_is_refused_and_both_where_no_record_tells(
    web: str | None, www: str | None, refused: dict[str, list[str]]
) -> None:
    results = {"web": twin(web), "www": twin(www), "db": asked("m2", "b2", "db", since=T3)}
    assert same_machines(results) == refused


def test_any_number_of_newcomers_is_refused() -> None:
    assert same_machines({"a": twin(T3), "b": twin(T1), "c": twin()}) == {"a": ["b", "c"], "c": ["a", "b"]}


def document(machine: dict[str, str] | None, known: Any = None) -> dict[str, Any]:
    return {"machine": machine, "known_machine": known}


@pytest.mark.parametrize(
    ("told", "before", "after", "so_far"),
    [
        (WEB, None, {**WEB, "since": T2}, None),
        (WEB, document(WEB), {**WEB, "since": T2}, None),
        (WEB, document(WEB, {**WEB, "since": T1}), {**WEB, "since": T1}, T1),
        (WEB, document(EVIL, {**EVIL, "since": T1}), {**WEB, "since": T2}, None),
        (None, document(WEB, {**WEB, "since": T1}), {**WEB, "since": T1}, None),
        (WEB, document(None, {**WEB, "since": T1}), {**WEB, "since": T1}, T1),
        (None, None, None, None),
        (WEB, document(WEB, {**WEB, "since": {"x": 1}}), {**WEB, "since": T2}, None),
        (WEB, document(WEB, "m1"), {**WEB, "since": T2}, None),
        ({"machine_id": "", "hostname": "web"}, None, None, None),
    ],
)
def test_a_host_is_known_since_it_first_said_what_it_says_now(
    told: Any, before: Any, after: Any, so_far: str | None
) -> None:
    # What the host itself writes there does not count.
    said = document(told, {**WEB, "since": "1999-01-01T00:00:00Z"})
    assert known_machine(said, before, T2) == (after, so_far)


def test_both_names_and_what_to_do_are_told() -> None:
    outcome = refusal("www", ["web"])
    assert (outcome["class"], outcome["code"]) == ("refused", "same_machine")
    assert outcome["message"].startswith(
        "www: it says that it is the same running machine as web (machine-id, "
    )
    assert "leave all but one out of the inventory" in outcome["remedy"]
