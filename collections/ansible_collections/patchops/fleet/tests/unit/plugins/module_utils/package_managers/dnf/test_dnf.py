# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf's driver without dnf: what it makes of the answers, and of none."""

from __future__ import annotations

import json
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


def answers(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\ncat > /dev/null\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_an_answer_comes_from_the_first_interpreter_that_has_the_bindings(interpreter: Path) -> None:
    answers(interpreter, f"echo '{json.dumps({'answer': [1]})}'")
    assert Dnf().bindings.ask("read") == [1]


def test_what_is_sent_carries_its_own_code(interpreter: Path, tmp_path: Path) -> None:
    interpreter.write_text(f"#!/bin/sh\ncat > {tmp_path}/sent\necho '{{\"answer\": null}}'\n")
    interpreter.chmod(0o755)
    Dnf().bindings.ask("plan", selection={"select": "all"})
    sent = json.loads((tmp_path / "sent").read_text())
    assert sent["request"] == {"action": "plan", "selection": {"select": "all"}}
    assert [name.rpartition(".")[2] for name, _source in sent["modules"]][-1] == "main"
    assert all("SPDX-License-Identifier" in source for _name, source in sent["modules"])


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


@pytest.mark.parametrize(
    ("answers", "version"),
    [
        ({"rpm": Result(0, "4.14.0", "")}, "4.14.0"),
        (
            {"rpm": Result(1, "package dnf is not installed", ""), "dnf": Result(0, "4.14.0\n  x\n", "")},
            "4.14.0",
        ),
    ],
)
def test_rpm_tells_the_version_and_dnf_where_rpm_does_not_know_it(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Result], version: str
) -> None:
    monkeypatch.setattr(dnf, "run", lambda argv: answers[argv[0]])
    assert Dnf().version() == version
