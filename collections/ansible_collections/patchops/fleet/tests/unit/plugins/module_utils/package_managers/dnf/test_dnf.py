# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf's driver without dnf: what it makes of the answers, and of none."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import dnf
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import Dnf
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import bindings
from ansible_collections.patchops.fleet.plugins.module_utils.process import Result


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "python"
    monkeypatch.setattr(bindings, "_INTERPRETERS", ("/nonexistent/platform-python", str(path)))
    return path


def answers(path: Path, text: str, each: str = "true") -> None:
    """Make an interpreter: it reads what is sent, then does `text`, and `each` for every further question."""
    path.write_text(
        f"#!/bin/sh\nread -r modules\nread -r question\n{text}\nwhile read -r question; do {each}; done\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_an_answer_comes_from_the_first_interpreter_that_has_the_bindings(interpreter: Path) -> None:
    answers(interpreter, f"echo '{json.dumps({'answer': [1]})}'")
    assert Dnf().bindings.ask("read") == [1]


def test_one_start_answers_one_question_after_the_other(interpreter: Path) -> None:
    answers(interpreter, "echo '{\"answer\": '$$'}'", each="echo '{\"answer\": '$$'}'")
    asked = Dnf().bindings
    assert asked.ask("read") == asked.ask("plan")


def test_a_process_that_was_killed_between_two_questions_is_started_anew(interpreter: Path) -> None:
    answers(interpreter, "echo '{\"answer\": '$$'}'", each="echo '{\"answer\": '$$'}'")
    asked = Dnf().bindings
    first = asked.ask("read")
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert asked.ask("read") != first


def test_repositories_that_are_forgotten_are_loaded_by_a_new_process(interpreter: Path) -> None:
    answer = 'echo \'{"answer": {"present": {"pid": \'$$\'}, "pid": \'$$\'}}\''
    answers(interpreter, answer, each=answer)
    driver = Dnf()
    first = driver.present()["pid"]
    driver.forget()
    assert driver.present()["pid"] == first
    assert driver.read()["pid"] == first
    driver.forget()
    assert driver.present()["pid"] != first


def test_repositories_are_refreshed_by_a_process_that_has_not_loaded_them(
    interpreter: Path, tmp_path: Path
) -> None:
    plan = json.dumps({"answer": {"packages": [], "held": [], "download_bytes": 0, "disk_bytes": 0}})
    reply = f"case $question in *plan*) echo '{plan}';; *) echo '{{\"answer\": []}}';; esac"
    log = f"echo $$ $question >> {tmp_path}/asked; {reply}"
    answers(interpreter, log, each=log)
    driver = Dnf()
    driver.present()
    driver.refresh()
    driver.plan({"select": "all"}, False)
    driver.refresh()
    starts = [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert [starts.count(one) for one in dict.fromkeys(starts)] == [3, 1]


def test_a_change_has_a_process_of_its_own_and_leaves_none_with_the_code_of_before(
    interpreter: Path, tmp_path: Path
) -> None:
    answers(interpreter, "echo '{\"answer\": '$$'}'", each="echo '{\"answer\": '$$'}'")
    asked = Dnf().bindings
    pids = [asked.ask("present"), asked.change(str(tmp_path / "log"), "install"), asked.ask("present")]
    assert len(set(pids)) == 3


def test_only_marks_that_are_wrong_are_set(interpreter: Path, tmp_path: Path) -> None:
    present = [
        {"name": name, "arch": "noarch", "manual": manual}
        for name, manual in (("asked", True), ("came", False), ("new", True), ("old", False))
    ]
    answer = f"echo \"$question\" >> {tmp_path}/asked; echo '{json.dumps({'answer': {'packages': present}})}'"
    answers(interpreter, answer, each=answer)
    driver = Dnf()
    driver.restore_marks(["came:noarch"], ["asked:noarch", "came:noarch"])
    driver.restore_marks(["came:noarch", "new:noarch"], ["asked:noarch", "new:noarch", "old:noarch"])
    questions = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
    assert questions == [
        {"action": "present"},
        {"action": "set_reasons", "automatic": ["new:noarch"], "manual": ["old:noarch"]},
    ]


def test_a_question_that_takes_too_long_is_given_up(
    interpreter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(interpreter, "sleep 60 & wait")
    monkeypatch.setattr(bindings, "_TIME_LIMIT", 0.2)
    with pytest.raises(DriverError, match="ended without an answer") as caught:
        Dnf().bindings.ask("read")
    assert caught.value.code == "internal_error"


def test_what_is_sent_carries_its_own_code(interpreter: Path, tmp_path: Path) -> None:
    interpreter.write_text(f"#!/bin/sh\nhead -n 2 > {tmp_path}/sent\necho '{{\"answer\": null}}'\n")
    interpreter.chmod(0o755)
    Dnf().bindings.ask("plan", selection={"select": "all"})
    modules, question = map(json.loads, (tmp_path / "sent").read_text().splitlines())
    assert question == {"action": "plan", "selection": {"select": "all"}}
    assert [name.rpartition(".")[2] for name, _source in modules][-1] == "main"
    assert all("SPDX-License-Identifier" in source for _name, source in modules)


def test_what_is_installed_is_told_without_asking_for_repositories(interpreter: Path, tmp_path: Path) -> None:
    bash = {"name": "bash", "arch": "x86_64", "version": "1-1", "manual": False}
    present = {"answer": {"packages": [bash], "duplicates": []}}
    answers(interpreter, f"echo \"$question\" >> {tmp_path}/asked; echo '{json.dumps(present)}'")
    driver = Dnf()
    assert driver.versions() == [bash]
    assert driver.marks() == ["bash:x86_64"]
    assert driver.broken()["interrupted"] is False
    assert json.loads((tmp_path / "asked").read_text()) == {"action": "present"}


def test_without_bindings_anywhere_the_host_is_refused_by_name(interpreter: Path) -> None:
    answers(interpreter, "exit 97")
    with pytest.raises(DriverError, match="No Python of the host can use dnf") as caught:
        Dnf().bindings.ask("read")
    assert caught.value.code == "unsupported_platform"


def test_a_refusal_keeps_its_code(interpreter: Path) -> None:
    refusal = {"refusal": {"code": "member_missing", "message": "gone", "remedy": "serve it"}}
    answers(interpreter, f"echo '{json.dumps(refusal)}'")
    with pytest.raises(DriverError, match="gone") as caught:
        Dnf().bindings.ask("plan")
    assert (caught.value.code, caught.value.remedy) == ("member_missing", "serve it")


def test_a_dnf_that_was_killed_while_it_installed_is_a_failure(interpreter: Path, tmp_path: Path) -> None:
    answers(interpreter, "kill -9 $$")
    with pytest.raises(DriverError, match=r"killed \(signal 9\)") as caught:
        Dnf().bindings.change(str(tmp_path / "log"), "install")
    assert caught.value.code == "install_failed"


def test_scripts_that_failed_are_a_failure_on_the_way_forward_only(interpreter: Path, tmp_path: Path) -> None:
    complaint = "Error in POSTIN scriptlet in rpm package bash"
    answers(interpreter, f"echo '{json.dumps({'answer': {'complaints': [complaint]}})}'")
    driver, log = Dnf(), str(tmp_path / "log")
    with pytest.raises(DriverError, match=complaint) as caught:
        driver.install(["bash.rpm"], [], False, log)
    assert caught.value.code == "install_failed"
    driver.install(["bash.rpm"], [], True, log)


def test_a_script_that_failed_after_its_worker_died_is_still_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    complaint = "Error in POSTIN scriptlet in rpm package bash"
    log.write_text(f"\n+ dnf: install\nwarning: %post(bash) failed\n{complaint}\n")
    assert Dnf().complaints(str(log)) == [complaint]
    log.write_text(log.read_text() + "\n+ dnf: install\n")
    assert Dnf().complaints(str(log)) == []


def test_rpm_tells_the_version_and_dnf_where_rpm_does_not_know_it(
    interpreter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(interpreter, 'echo \'{"answer": "4.14.0"}\'')
    monkeypatch.setattr(dnf, "run", lambda argv: Result(1, "package dnf is not installed", ""))
    assert Dnf().version() == "4.14.0"
    monkeypatch.setattr(dnf, "run", lambda argv: Result(0, "4.20.0", ""))
    assert Dnf().version() == "4.20.0"
