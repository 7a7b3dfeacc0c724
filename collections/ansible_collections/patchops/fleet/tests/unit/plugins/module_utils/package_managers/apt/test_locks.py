# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import locks


def test_the_process_that_holds_a_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock-frontend"
    monkeypatch.setattr(locks, "LOCK_FILES", (str(path), str(tmp_path / "never-locked")))
    with path.open("w") as file:
        assert locks.find_holder() is None
        fcntl.lockf(file, fcntl.LOCK_EX)
        holder = locks.find_holder()
    assert holder is not None
    assert holder["pid"] == os.getpid()
    assert holder["command"].startswith("python")
