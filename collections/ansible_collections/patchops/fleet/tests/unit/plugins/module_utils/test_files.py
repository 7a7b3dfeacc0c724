# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils import files


def test_files_that_others_wrote_are_seen_onto_the_disk_and_so_are_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bash_1_amd64.deb").write_bytes(b"way back")
    (tmp_path / "libx_1_amd64.deb").write_bytes(b"way back")
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    files.sync_files(str(tmp_path))
    assert sorted(synced[:2]) == [str(tmp_path / "bash_1_amd64.deb"), str(tmp_path / "libx_1_amd64.deb")]
    assert synced[2:] == [str(tmp_path)]
