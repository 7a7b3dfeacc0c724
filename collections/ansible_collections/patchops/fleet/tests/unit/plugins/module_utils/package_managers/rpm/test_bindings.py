# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions and answers between the driver and what runs in the interpreter with the bindings."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import errors
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import bindings
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    answering,
)

# As dnf/in_dnf/main.py, with bindings that every Python has.
INSIDE = """
import os
import subprocess
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import answering
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import errors

COUNT = "import sys; print('said by a script'); sys.exit(len(sys.stdin.read()))"


def explain(error):
    return errors.DriverError("", str(error))


def main(questions):
    answers = {
        "pid": os.getpid,
        "say": lambda word: word,
        "script": lambda: subprocess.call(["python3", "-c", COUNT]),
        "fail": lambda: {}["nothing"],
    }
    answering.serve(questions, answers, explain)
"""


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    package = tmp_path / "asked_by_tests"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "main.py").write_text(INSIDE, encoding="ascii")
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module("asked_by_tests.main")


@pytest.fixture
def asked(inside: ModuleType, monkeypatch: pytest.MonkeyPatch) -> bindings.Bindings:
    monkeypatch.setattr(bindings, "_INTERPRETERS", (sys.executable,))
    return bindings.Bindings("json", "json", "python3", (errors, answering, inside))


def test_one_process_answers_until_it_is_closed(asked: bindings.Bindings) -> None:
    first = asked.ask("pid")
    assert asked.ask("say", word="Grüße\n") == "Grüße\n"
    assert asked.ask("pid") == first
    asked.close()
    assert asked.ask("pid") != first


def test_an_error_is_an_answer_and_the_next_question_is_answered_too(asked: bindings.Bindings) -> None:
    first = asked.ask("pid")
    with pytest.raises(DriverError, match="nothing") as caught:
        asked.ask("fail")
    assert caught.value.code == "repository_unreadable"
    assert asked.ask("pid") == first


def test_a_script_that_reads_finds_nothing_and_what_it_says_is_in_the_log(
    asked: bindings.Bindings, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    assert asked.change(str(log), "script") == 0
    assert log.read_text(encoding="ascii") == "\n+ dnf: script\nsaid by a script\n"
