# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipelining is the user's decision where there is one; the same ansible.cfg is read that Ansible reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops.runner.ansible_settings import says_pipelining, settings_file
from patchops.runner.environment import build

COLLECTIONS = Path("/opt/patchops/collections")
ON = "[ssh_connection]\npipelining = True\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder to start in, beside an empty home."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def home(here: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(here.parent / "home"), **more}


def test_pipelining_is_on_where_nobody_has_decided(here: Path) -> None:
    assert build(home(here), (), COLLECTIONS, here)["ANSIBLE_PIPELINING"] == "True"


def test_the_decision_of_the_environment_holds(here: Path) -> None:
    kept = build(home(here, ANSIBLE_PIPELINING="False"), (), COLLECTIONS, here)
    assert kept["ANSIBLE_PIPELINING"] == "False"


def test_the_decision_for_ssh_alone_holds(here: Path) -> None:
    kept = build(home(here, ANSIBLE_SSH_PIPELINING="False"), (), COLLECTIONS, here)
    assert kept["ANSIBLE_SSH_PIPELINING"] == "False"
    assert "ANSIBLE_PIPELINING" not in kept


@pytest.mark.parametrize("section", ["defaults", "connection", "ssh_connection"])
def test_the_decision_of_ansible_cfg_holds(here: Path, section: str) -> None:
    (here / "ansible.cfg").write_text(f"[{section}]\npipelining = False\nvault_x = 100%\n")
    assert "ANSIBLE_PIPELINING" not in build(home(here), (), COLLECTIONS, here)


def test_a_file_that_can_not_be_parsed_is_left_to_ansible(here: Path) -> None:
    (here / "ansible.cfg").write_text("no section\n")
    assert says_pipelining(home(here), here)


def test_the_named_file_comes_first_then_this_folder_then_the_home(here: Path) -> None:
    files = [here.parent / "named.cfg", here / "ansible.cfg", here.parent / "home" / ".ansible.cfg"]
    for file in files:
        file.write_text(ON)
    assert settings_file(home(here, ANSIBLE_CONFIG=str(files[0])), here) == files[0]
    assert settings_file(home(here, ANSIBLE_CONFIG=str(here)), here) == files[1]
    assert settings_file(home(here), here) == files[1]
    files[1].unlink()
    assert settings_file(home(here), here) == files[2]


def test_a_folder_that_everybody_can_write_to_is_not_trusted(here: Path) -> None:
    (here / "ansible.cfg").write_text(ON)
    here.chmod(0o777)
    assert settings_file(home(here), here) != here / "ansible.cfg"
