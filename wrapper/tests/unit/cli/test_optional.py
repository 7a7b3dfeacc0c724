# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command of another distribution is loaded where that is installed, and says what to install where not."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from patchops.cli import main, optional
from patchops.cli.optional import LAB, load


@pytest.fixture
def without_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "entry_points", lambda **_wanted: [])


@pytest.mark.parametrize(
    "words", [[], ["up", "--hosts", "3"], ["--help"], ["ssh", "lab", "host", "--", "ls", "-l"]]
)
def test_a_command_that_is_not_installed_says_what_to_install(without_lab: None, words: list[str]) -> None:
    result = CliRunner().invoke(main, ["lab", *words], standalone_mode=True)
    assert result.exit_code == 2
    assert "`patchops lab` is not installed here; it comes with patchops-lab." in result.stderr
    assert "pip install patchops-lab" in result.stderr


def test_the_help_lists_a_command_that_is_not_installed(without_lab: None) -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    listed = result.stdout
    assert "lab Not installed; comes with patchops-lab." in " ".join(listed.split())


def test_an_installed_command_is_found_by_its_entry_point() -> None:
    assert load(LAB).name == "lab"
