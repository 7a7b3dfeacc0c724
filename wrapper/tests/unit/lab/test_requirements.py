# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that can't carry a lab is told why, and what works without one."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from patchops_lab import requirements
from patchops_lab.cli import lab
from patchops_lab.errors import LabError


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is missing."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(requirements, "_has_capability", lambda _number: True)
    monkeypatch.setattr(requirements, "hierarchies", lambda: [Path("/")])
    monkeypatch.setattr("os.access", lambda _path, _mode: True)
    monkeypatch.setattr("shutil.which", lambda program, path: f"/usr/bin/{program}")
    monkeypatch.setattr(requirements, "KEYRING", Path("/"))


def test_nothing_is_missing_on_a_complete_machine(complete: None) -> None:
    assert [line for line in requirements.missing() if "Debian" not in line] == []


def test_missing_programs_are_named_with_the_packages_that_bring_them(
    complete: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = {"mmdebstrap", "systemd-nspawn"}
    monkeypatch.setattr("shutil.which", lambda program, path: None if program in absent else "/usr/bin/it")
    assert (
        "programs are missing (mmdebstrap, systemd-nspawn): apt-get install mmdebstrap systemd-container"
        in requirements.missing()
    )


def test_whoever_is_not_root_is_told_so(complete: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "you are not root: run the command with sudo" in requirements.missing()


def test_root_in_a_container_is_told_what_it_lacks(complete: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "_has_capability", lambda _number: False)
    assert any("lacks the capability SYS_ADMIN" in line for line in requirements.missing())


def test_the_refusal_lists_everything_and_says_what_works_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "missing", lambda: ["one thing", "another"])
    with pytest.raises(LabError) as caught:
        requirements.demand()
    assert str(caught.value) == (
        "A lab can't be made on this machine:\n  - one thing\n  - another\n" + requirements.WITHOUT
    )


def test_up_refuses_with_status_2_where_something_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "missing", lambda: ["one thing"])
    result = CliRunner().invoke(lab, ["up", "never"])
    assert result.exit_code == 2
    assert "A lab can't be made on this machine:\n  - one thing\n" in result.stderr
