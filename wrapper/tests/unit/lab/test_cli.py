# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands refuse what can't be, and say why."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from patchops_lab.cli import lab
from patchops_lab.paths import STATE_VARIABLE


@pytest.fixture(autouse=True)
def _no_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))


@pytest.mark.parametrize(
    "words",
    [
        ["ssh", "none", "host"],
        ["exec", "none", "true"],
        ["inventory", "none"],
        ["snapshot", "none", "host", "label"],
        ["restore", "none", "host"],
        ["fault", "none", "cut", "host"],
        ["down", "none"],
    ],
)
def test_a_lab_that_does_not_exist_is_named(words: list[str]) -> None:
    result = CliRunner().invoke(lab, words)
    assert result.exit_code == 2
    assert result.stderr.startswith("There is no lab 'none' in ")


def test_a_lab_file_names_its_own_hosts(tmp_path: Path) -> None:
    result = CliRunner().invoke(lab, ["up", "--file", str(tmp_path / "lab.yml"), "--hosts", "3"])
    assert result.exit_code == 2
    assert "the lab file names its own" in result.stderr


def test_the_help_of_fault_explains_every_kind() -> None:
    result = CliRunner().invoke(lab, ["fault", "--help"])
    assert "power-cut HOST: the host loses its power" in result.stdout
    assert "expired SUITE: the signed lists are past their date" in result.stdout


def test_what_a_crashed_lab_left_is_listed(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    result = CliRunner().invoke(lab, ["list"])
    assert result.exit_code == 0
    assert result.stdout == "broken: down; 'patchops lab down broken' removes what is left\n"


def test_who_may_not_see_a_lab_is_told_to_use_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_paths: object) -> None:
        raise PermissionError(13, "Permission denied", "/labs/other/lab.json")

    monkeypatch.setattr("patchops_lab.lab.read_record", refuse)
    result = CliRunner().invoke(lab, ["inventory", "other"])
    assert result.exit_code == 2
    assert result.stderr == (
        "Could not use /labs/other/lab.json: Permission denied; labs are root's, run the command with sudo.\n"
    )


def test_without_labs_the_list_is_empty() -> None:
    assert CliRunner().invoke(lab, ["list"]).stdout == ""
