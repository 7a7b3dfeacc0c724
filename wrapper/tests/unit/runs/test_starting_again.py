# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that was killed while it started keeps nobody from taking its run up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patchops.runner import fence


def test_a_lock_that_this_user_may_not_open_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert not fence.held(tmp_path / "worker.lock")
