# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference is made from the code, and what is committed is what the code says now."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

Tool = Callable[..., str]


def _texts(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text("utf-8") for path in directory.rglob("*.md")}


def test_the_reference_is_up_to_date(repository: Path, tool: Tool, tmp_path: Path) -> None:
    tool(sys.executable, "scripts/reference", tmp_path, cwd=repository)
    assert _texts(repository / "docs/reference") == _texts(tmp_path), (
        "run `make docs` and commit docs/reference"
    )
