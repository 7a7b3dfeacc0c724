# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[9] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference data kept beside the project; without it the test is skipped."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the reference data is missing: {SHARED_DATA}")
    return SHARED_DATA
