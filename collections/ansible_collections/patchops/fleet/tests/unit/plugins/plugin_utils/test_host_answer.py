# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a host's answer only the documented keys are taken, by type and within bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.operations.table import OPERATIONS
from ansible_collections.patchops.fleet.plugins.module_utils.payload import encode
from ansible_collections.patchops.fleet.plugins.modules import (
    host_info,
    reboot,
    transaction,
    transaction_info,
    verify,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_answer import (
    AnswerError,
    checked_answer,
    checked_document,
    return_keys,
)
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils import honest_answers
from ansible_collections.patchops.fleet.tests.unit.plugins.plugin_utils.honest_answers import ANSWERS

MODULES = {
    "host_info": host_info,
    "reboot": reboot,
    "transaction": transaction,
    "transaction_info": transaction_info,
    "verify": verify,
}
# The controller's half adds where it keeps the document; every module has changed.
OF_THE_CONTROLLER = {"document"}
NOT_A_HOSTS_TO_SAY = {
    "ansible_facts": {"patchops_hook_drain": "/tmp/tasks.yml"},
    "ansible_stats": {"data": {"patchops_select": "all"}},
    "add_host": {"host_name": "evil"},
    "add_group": "evil",
    "_ansible_no_log": True,
    "failed": True,
    "unreachable": True,
    "skipped": True,
    "exception": "traceback",
    "invocation": {},
    "results": [],
    "deprecations": [{"msg": "x"}],
    "document": "/dev/zero",
    "msg": "raw",
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_taken_is_what_the_module_documents(operation: str) -> None:
    documented = set(yaml.safe_load(MODULES[operation].RETURN))
    assert return_keys(operation) - {"changed"} == documented - OF_THE_CONTROLLER


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_honest_answer_is_taken_as_it_is(operation: str) -> None:
    honest = ANSWERS[operation]()
    payload = honest.pop("patchops_payload", None)
    assert checked_answer(operation, honest) == honest
    if payload is not None:
        kind = "patchops.transaction" if operation.startswith("transaction") else "patchops.host"
        assert checked_document(payload, kind, "the document")["kind"] == kind


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_that_ansible_or_the_controller_acts_on_is_taken(operation: str) -> None:
    honest = ANSWERS[operation]()
    honest.pop("patchops_payload", None)
    assert checked_answer(operation, {**honest, **NOT_A_HOSTS_TO_SAY}) == honest


def test_a_count_that_no_database_keeps_is_refused() -> None:
    honest = ANSWERS["host_info"]()
    honest.pop("patchops_payload", None)
    honest["host"]["pending"] = {"total": 2**62, "security": 1}
    with pytest.raises(AnswerError, match="total"):
        checked_answer("host_info", honest)


def test_what_is_nested_and_not_documented_is_left_out() -> None:
    honest = honest_answers.reboot()
    lying = {**honest, "reboot": {**honest["reboot"], "ansible_facts": {"x": 1}}}
    assert checked_answer("reboot", lying) == honest


@pytest.mark.parametrize(
    ("operation", "change", "told"),
    [
        (
            "transaction",
            {"transaction": {"id": "abc", "state": {"x": 1}, "journal": ""}},
            "transaction.state",
        ),
        ("transaction", {"transaction": {"id": "../x", "state": "staged", "journal": ""}}, "transaction.id"),
        ("transaction", {"transaction": None}, "transaction is missing"),
        ("transaction", {"changed": "yes"}, "changed is 'yes', not boolean"),
        ("transaction", {"confirm": {"state": "pending", "within": 10**12}}, "confirm.within"),
        ("transaction", {"freed_bytes": True}, "freed_bytes"),
        (
            "transaction",
            {"outcome": {"class": "ok", "code": "x", "message": "", "remedy": ""}},
            "outcome.code",
        ),
        (
            "transaction",
            {"outcome": {"class": "ok", "code": "install_failed", "message": "", "remedy": ""}},
            "outcome.class is ok, which install_failed never is",
        ),
        ("verify", {"effective": None}, "effective"),
        (
            "verify",
            {"security_source": {"status": "fine", "reason": "", "repositories": []}},
            "security_source",
        ),
        ("host_info", {"host": None}, "host"),
        ("reboot", {"rebooting": True, "reboot": {"required": True, "done": False}}, "reboot.boot_id"),
        ("reboot", {"restarted": "all"}, "restarted"),
        ("reboot", {"summary": "x" * 1_000_000}, "text of 1000000 characters"),
        ("reboot", {"confirm_within": float("nan")}, "number that is out of all bounds"),
    ],
)
def test_an_answer_of_another_shape_is_not_believed_and_the_place_is_named(
    operation: str, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(AnswerError) as error:
        checked_answer(operation, {**ANSWERS[operation](), **change})
    assert told in str(error.value)


def test_control_characters_become_visible_in_every_text() -> None:
    answer = checked_answer(
        "reboot",
        {
            **honest_answers.reboot(),
            "restarted": ["ssh\x1b[2J.service"],
            "warnings": [
                "\x1b]0;owned\x07",
                SimpleNamespace(event=SimpleNamespace(msg="late\u202ereversed")),
                5,
            ],
        },
    )
    assert answer["restarted"] == ["ssh\\x1b[2J.service"]
    assert answer["warnings"] == ["\\x1b]0;owned\\x07", "late\\u202ereversed"]


def test_no_text_of_a_host_makes_a_line_of_its_own() -> None:
    recap = "ok\r\nPLAY RECAP ***\nweb1 : ok=9"
    honest = honest_answers.transaction()
    honest["plan"]["packages"][0]["name"] = recap
    lying = {
        **honest,
        "summary": recap,
        "outcome": {**honest["outcome"], "message": recap, "remedy": recap},
        "warnings": [recap, SimpleNamespace(event=SimpleNamespace(msg=recap))],
        "way_back": {
            "revertible": 0,
            "snapshot_only": [],
            "forward_only": [{"name": recap, "reason": recap}],
        },
    }
    answer = checked_answer("transaction", lying)
    told = "ok PLAY RECAP *** web1 : ok=9"
    assert (answer["summary"], answer["outcome"]["message"], answer["warnings"]) == (told, told, [told, told])
    assert answer["plan"]["packages"][0]["name"] == told
    assert answer["way_back"]["forward_only"] == [{"name": told, "reason": told}]
    assert answer["diff"]["before"].count("\n") == honest["diff"]["before"].count("\n")


def test_warnings_are_bounded_in_number_and_length() -> None:
    lying = {**honest_answers.reboot(), "warnings": ["x" * 100_000] * 1000}
    warnings = checked_answer("reboot", lying)["warnings"]
    assert (len(warnings), max(map(len, warnings))) == (21, 2003)
    assert warnings[-1] == "and 980 more warnings"


def test_a_diff_is_text_of_two_sides() -> None:
    honest = honest_answers.transaction()
    assert checked_answer("transaction", honest)["diff"] == honest["diff"]
    assert "diff" not in checked_answer("transaction", {**honest, "diff": {"prepared": "x", "before": 5}})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"packages": [{"name": "x\udc80"}]}, "lone surrogate"),
        ({"packages": {}}, "packages"),
        ({"clock": {"utc": "2026-99-99T00:00:00Z"}}, "clock.utc"),
        ({"collected_at": "0001-01-01T00:00:00Z"}, "collected_at"),
        ({"boot": {"id": "1", "time": "2026-11-30T10:00:00Z", "uptime_seconds": -1}}, "boot.uptime_seconds"),
        ({"clock": None}, "clock"),
    ],
)
def test_a_document_that_does_not_fit_its_schema_is_not_believed(change: dict[str, Any], told: str) -> None:
    payload = encode({**honest_answers.host_document(), **change})
    with pytest.raises(AnswerError) as error:
        checked_document(payload, "patchops.host", "the document")
    assert told in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_any_value_in_the_place_of_a_key_is_taken_or_refused_and_never_an_error(
    operation: str, data: st.DataObject
) -> None:
    honest = ANSWERS[operation]()
    key = data.draw(st.sampled_from(sorted(honest)))
    try:
        answer = checked_answer(operation, {**honest, key: data.draw(JSON)})
    except AnswerError:
        return
    assert set(answer) <= return_keys(operation) | {"failed", "msg", "warnings", "diff"}


def test_an_honest_sentence_about_thousands_of_packages_is_cut_and_not_refused() -> None:
    honest = ANSWERS["verify"]()
    honest.pop("patchops_payload", None)
    honest["outcome"]["message"] = "Verified: " + ", ".join(f"service-{number}" for number in range(5000))
    taken = checked_answer("verify", honest)["outcome"]["message"]
    assert taken.startswith("Verified: service-0, ")
    assert len(taken) == 20_000
    assert taken.endswith("...")


def test_a_document_of_another_engine_is_no_answer_of_ours() -> None:
    document = {"kind": "patchops.host", "schema": 1, "engine_version": "9.9.9"}
    with pytest.raises(AnswerError, match=r"engine 9\.9\.9 wrote it"):
        checked_document(encode(document), "patchops.host", "its document")
