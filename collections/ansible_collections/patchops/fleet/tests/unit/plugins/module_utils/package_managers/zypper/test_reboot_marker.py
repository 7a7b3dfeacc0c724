# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose wish for a reboot goes away with a change that was taken back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import reboot_marker


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reboot_marker, "MARKER", str(tmp_path / "marker"))
    monkeypatch.setattr(reboot_marker, "NOTE", str(tmp_path / "note"))
    return tmp_path / "marker"


def test_the_marker_that_our_change_left_goes_with_the_change(marker: Path) -> None:
    marker.touch()
    reboot_marker.note()
    reboot_marker.withdraw()
    assert not reboot_marker.is_set()
    assert list(marker.parent.iterdir()) == []


def test_a_marker_that_was_written_again_since_is_somebody_elses(marker: Path) -> None:
    marker.touch()
    reboot_marker.note()
    os.utime(marker, (1, 1))
    reboot_marker.withdraw()
    assert reboot_marker.is_set()


def test_a_marker_that_nobody_noted_stays(marker: Path) -> None:
    marker.touch()
    reboot_marker.withdraw()
    assert reboot_marker.is_set()


def test_without_a_marker_nothing_is_noted(marker: Path) -> None:
    reboot_marker.note()
    reboot_marker.withdraw()
    assert list(marker.parent.iterdir()) == []
