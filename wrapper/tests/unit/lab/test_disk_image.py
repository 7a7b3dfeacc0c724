# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct
from pathlib import Path

import pytest

from patchops_lab import disk_image
from patchops_lab.errors import LabError

BOOT_SECTOR = b"B" * 512
CORE = b"C" * 3000


def partitions(disk: bytes) -> list[tuple[int, int, int]]:
    """Type, first sector and number of sectors of each entry in use."""
    entries = [disk[446 + 16 * number : 462 + 16 * number] for number in range(4)]
    return [struct.unpack("<4xB3xII", entry) for entry in entries if any(entry)]


def start_of(disk: Path) -> bytes:
    with disk.open("rb") as file:
        return file.read(1 << 16)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    disk_image._write_disk(tmp_path / "disk.raw", BOOT_SECTOR, CORE)
    return tmp_path / "disk.raw"


def test_a_firmware_finds_boot_code_and_its_mark_in_the_first_sector(disk: Path) -> None:
    first = start_of(disk)[:512]
    assert (first[:440], first[510:]) == (b"B" * 440, b"\x55\xaa")


def test_grub_finds_its_core_image_right_behind(disk: Path) -> None:
    assert start_of(disk)[512 : 512 + len(CORE)] == CORE


def test_the_partitions_lie_behind_one_another_and_end_with_the_disk(disk: Path) -> None:
    (boot, root) = partitions(start_of(disk))
    assert [kind for kind, _start, _count in (boot, root)] == [0x83, 0x83]
    assert boot[1] * 512 >= 512 + len(CORE)
    assert root[1] == boot[1] + boot[2]
    assert (root[1] + root[2]) * 512 == disk.stat().st_size


def test_a_core_image_that_would_reach_into_a_partition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is room for"):
        disk_image._write_disk(tmp_path / "disk.raw", BOOT_SECTOR, b"C" * (1 << 20))
