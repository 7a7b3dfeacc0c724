# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory sources are files, folders or host lists, as Ansible tells them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchops.errors import InputError
from patchops.runner.inventory import absolute_sources


def test_a_file_whose_name_has_a_comma_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rack1,rack2.yml").touch()
    monkeypatch.chdir(tmp_path)

    assert absolute_sources(["rack1,rack2.yml", "web1,"]) == [f"{tmp_path}/rack1,rack2.yml", "web1,"]


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        absolute_sources([f"{tmp_path}/prod.yml"])
