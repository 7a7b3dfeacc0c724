# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets these tests run under the project's pytest and under ansible-test, whose settings are its own."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

if "PATCHOPS_SEED" not in os.environ:
    # Under ansible-test they show that they run there; the project's own pytest looks for new examples.
    settings.register_profile(
        "ansible-test", parent=settings(), deadline=None, derandomize=True, max_examples=10, database=None
    )
    settings.load_profile("ansible-test")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shared: reads the reference data that is kept outside of the project")
