# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.process import (
    NOT_FOUND,
    TIMED_OUT,
    environment,
    how_ended,
    run,
)


def test_a_command_gets_the_c_locale_and_a_fixed_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("PATH", "/home/evil/bin")
    assert run(["sh", "-c", "echo $LC_ALL,$LANGUAGE,$PATH"]).stdout.startswith("C,,/usr/local/sbin:")


def test_proxies_of_the_session_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    assert environment()["https_proxy"] == "http://proxy:3128"


def test_what_is_given_wins_over_the_fixed_environment() -> None:
    assert environment({"TERM": "xterm"})["TERM"] == "xterm"


def test_output_and_exit_code_are_returned() -> None:
    assert run(["sh", "-c", "echo out; echo err >&2; exit 3"]) == (3, "out\n", "err\n")


def test_text_can_be_given_to_a_command() -> None:
    assert run(["cat"], stdin="grüße").stdout == "grüße"


def test_output_that_is_not_text_is_returned_with_marks() -> None:
    assert run(["printf", "a\\377b"]).stdout == "a\ufffdb"


def test_a_program_that_is_missing_is_told_by_its_exit_code() -> None:
    answer = run(["no-such-program"])
    assert answer.rc == NOT_FOUND
    assert answer.stderr.startswith("no-such-program: ")


def test_an_argument_is_never_read_by_a_shell() -> None:
    assert run(["echo", "$(id); *"]).stdout == "$(id); *\n"


def test_a_command_that_takes_too_long_is_ended_with_its_children() -> None:
    started = time.monotonic()
    answer = run(["sh", "-c", "echo begun; sleep 30 & sleep 30"], timeout=0.5)
    assert time.monotonic() - started < 10
    assert (answer.rc, answer.stdout, answer.stderr) == (
        TIMED_OUT,
        "begun\n",
        "sh: stopped after 0.5 seconds",
    )


def test_a_command_that_somebody_killed_is_told_from_one_that_took_too_long() -> None:
    assert how_ended(run(["sh", "-c", "kill -KILL $$"]).rc, 60) == "was killed (signal 9)"
    assert how_ended(run(["sleep", "30"], timeout=0.2).rc, 0.2) == "did not end within 0.2 seconds"
    assert how_ended(run(["sleep", "30"], timeout=0.2).rc) == "did not end in time"
    assert how_ended(run(["false"]).rc) == "ended with 1"
