# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk or a database that can't be used is no defect: the path, the state and a remedy are named."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from patchops.cli import main
from patchops.runs.carry_out import Notes
from patchops.store.errors import StateError


def status(path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setenv("PATCHOPS_DATA", str(path))
    monkeypatch.setattr("patchops.cli.status.fleet", fail)
    ran = CliRunner().invoke(main, ["status"])
    return ran.exit_code, ran.output


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE])
def test_an_error_of_the_environment_names_the_path_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    code, told = status(tmp_path, OSError(number, os.strerror(number), "/srv/x"), monkeypatch)

    assert code == 1
    assert f"{os.strerror(number)}: /srv/x" in told
    assert "defect" not in told
    assert "Then" in told


def test_an_error_that_only_a_defect_causes_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "A defect" in status(tmp_path, OSError(errno.EBADF, "Bad file descriptor"), monkeypatch)[1]


def test_a_database_that_can_not_be_used_ends_a_question_as_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told = status(tmp_path, StateError("The database x can't be used.", "Wait."), monkeypatch)

    assert code == 2
    assert "Error: The database x can't be used.\n  Wait." in told


def test_a_run_goes_on_without_its_notes_and_says_so_once() -> None:
    told: list[str] = []
    notes = Notes(told.append)

    def fail() -> None:
        raise StateError("The database x can't be used.", "Wait.")

    notes.keep(fail)
    notes.keep(fail)

    assert told == [
        "The database x can't be used. The run goes on; states of transactions are not on record. Wait."
    ]
