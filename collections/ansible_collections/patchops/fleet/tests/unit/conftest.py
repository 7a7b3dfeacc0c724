# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets these tests run under the project's pytest and under ansible-test, whose settings are its own."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Two cores that also run lab hosts say nothing about the time that an example takes.
settings.register_profile("patchops", parent=settings(), deadline=None)
settings.load_profile("patchops")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shared: reads the reference data that is kept outside of the project")
