# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.patchops.fleet.plugins.plugin_utils import call_limits
from ansible_collections.patchops.fleet.plugins.plugin_utils.call_limits import (
    LimitReached,
    OutputTooLarge,
    bounded_output,
    limits,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.module_call import call

HONEST = json.dumps({"changed": False, "outcome": {"message": "línea"}}, ensure_ascii=False)


def printed(stdout: str, stderr: str = "") -> dict[str, Any]:
    return bounded_output({"rc": 0, "stdout": stdout, "stderr": stderr})


@pytest.mark.parametrize(
    "stdout",
    [HONEST, f"\n{HONEST}\n", f"Welcome to web1\n{HONEST}\r\nbye\x1b[2J"],
    ids=["bare", "lines", "banner"],
)
def test_an_answer_stands_without_what_a_login_prints_around_it(stdout: str) -> None:
    result = printed(stdout)
    assert result["stdout"] == HONEST
    assert result["stdout_lines"] == [HONEST]
    assert result["rc"] == 0


def test_what_is_no_answer_is_kept_with_its_beginning_and_its_end() -> None:
    assert printed("sh: 1: python3: not found")["stdout"] == "sh: 1: python3: not found"
    result = printed("a" * 300_000 + "b" * 300_000)["stdout"]
    assert (len(result), result[0], result[-1]) == (200_005, "a", "b")


def test_control_characters_are_visible_before_anything_shows_them() -> None:
    result = printed("FOUND\n/usr/bin/\x1b[2Jpython3", "\x1b]0;owned\x07")
    assert result["stdout"] == "FOUND\n/usr/bin/\\x1b[2Jpython3"
    assert result["stderr"] == "\\x1b]0;owned\\x07"


def test_keys_that_ansible_acts_on_or_shows_are_gone_before_it_reads_an_answer() -> None:
    lying = {
        "outcome": {"results": 1},
        "add_host": {"host_name": "stranger"},
        "_ansible_no_log": "\x1b[2J\nPLAY RECAP ***",
        "ansible_facts": {"ansible_python_interpreter": "/evil"},
        "deprecations": [{"msg": "\x1b[2J"}],
        "results": [],
        "warnings": ["kept"],
    }
    assert json.loads(printed(json.dumps(lying))["stdout"]) == {
        "outcome": {"results": 1},
        "warnings": ["kept"],
    }


def test_what_is_no_json_after_all_is_left_for_ansible_to_refuse() -> None:
    for text in ("{not json}", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"):
        assert printed(text)["stdout"] == text


@pytest.mark.parametrize(
    ("stdout", "told"),
    [
        ("{" + "x" * 33_600_000 + "}", "it is 33600002 characters long"),
        ('{"a": [' + "[]," * 1_100_000 + "[]]}", "it has more than 2000000 values"),
        ("{" + "[" * 2_100_000 + "}", "it has more than 2000000 values"),
    ],
    ids=["long", "many lists", "deep"],
)
def test_an_answer_that_is_larger_than_any_is_not_parsed(stdout: str, told: str) -> None:
    with pytest.raises(OutputTooLarge, match=told):
        printed(stdout)


class Action:
    """Stands for an action whose host prints `stdout`, a piece for each look at it."""

    def __init__(self, *pieces: str) -> None:
        self._connection = SimpleNamespace(
            transport="local", _shell=SimpleNamespace(tmpdir="/root/.ansible/tmp/x")
        )
        self._pieces = pieces
        self.removed: list[str] = []

    def _low_level_execute_command(self, command: str) -> dict[str, Any]:
        return {"rc": 0, "stdout": "".join(self._pieces), "stderr": ""}

    def _execute_module(self, **asked: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._low_level_execute_command("python3")["stdout"])
        return answer

    def _remove_tmp_path(self, path: str) -> None:
        self.removed.append(path)
        raise AnsibleConnectionFailure("closed by remote host")


def test_a_host_that_answers_with_too_much_is_unknown() -> None:
    answer = call(
        Action('{"a": [', "[]," * 1_100_000, "[]]}"), "host_info", {}, {"inventory_hostname": "web1"}
    )
    assert answer.code == "answer_invalid"
    assert "it has more than 2000000 values" in answer.result["outcome"]["message"]


def test_a_directory_that_a_host_does_not_remove_ends_no_call() -> None:
    action = Action('{"outcome": 5}')
    assert call(action, "host_info", {}, {"inventory_hostname": "web1"}).code == "module_crashed"
    assert action.removed == ["/root/.ansible/tmp/x"]
    assert action._connection._shell.tmpdir is None


def test_a_host_that_prints_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_limits, "_MOST_MEMORY", 32 << 20)
    monkeypatch.setattr(call_limits, "_LOOK_SECONDS", 0.05)
    kept: list[bytes] = []
    with pytest.raises(OutputTooLarge, match="it took more than 32 MiB of memory"), limits(Action(), 60):
        _collect(kept)
    assert len(kept) < 200


def _collect(kept: list[bytes]) -> None:
    for _number in range(200):
        kept.append(b"x" * (4 << 20))
        time.sleep(0.05)


def test_time_runs_out_while_memory_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_limits, "_LOOK_SECONDS", 0.05)
    with pytest.raises(LimitReached), limits(Action(), 0.3):
        time.sleep(60)


def test_after_a_call_the_action_prints_as_before() -> None:
    action = Action("x" * 300_000)
    with limits(action, 60):
        assert len(action._low_level_execute_command("true")["stdout"]) < 300_000
    assert len(action._low_level_execute_command("true")["stdout"]) == 300_000
