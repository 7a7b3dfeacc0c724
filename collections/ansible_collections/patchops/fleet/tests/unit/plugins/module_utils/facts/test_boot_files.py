# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.facts import boot_files
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot_files import (
    Reading,
    kernel_release,
    read_initramfs,
    read_kernel,
)

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
}
WHOLE = Reading(None, None)


def member(name: bytes, content: bytes) -> bytes:
    fields = [0, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    padded = header + bytes(-len(header) % 4) + content
    return padded + bytes(-len(padded) % 4)


def archive(*contents: bytes) -> bytes:
    members = [member(b"file%d" % number, content) for number, content in enumerate(contents)]
    return b"".join(members) + member(b"TRAILER!!!", b"")


MAIN = archive(b"init", b"x" * 100_000, b"modules" * 3000)
MICROCODE = archive(b"microcode" * 500)
IMAGE = MICROCODE + bytes(512) + gzip.compress(MAIN)


def read(directory: Path, data: bytes) -> Reading:
    (directory / "initrd").write_bytes(data)
    return read_initramfs(str(directory / "initrd"))


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_whole_initramfs_is_read_to_its_end(tmp_path: Path, compression: str) -> None:
    assert read(tmp_path, COMPRESSIONS[compression](MAIN)) == WHOLE


@pytest.mark.parametrize("data", [MAIN, IMAGE, IMAGE + bytes(700), MICROCODE + MICROCODE + bytes(4) + MAIN])
def test_archives_may_be_plain_padded_and_one_after_the_other(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == WHOLE


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_compressed_part_that_was_cut_off_is_damaged(tmp_path: Path, compression: str) -> None:
    problem = read(tmp_path, MICROCODE + COMPRESSIONS[compression](MAIN)[:-20]).problem
    assert problem is not None
    assert problem.startswith(f"its {compression} part is damaged")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (bytes(4096), "it holds no archive"),
        (b"<html>not found</html>", "after 0 bytes comes neither an archive nor a known compression"),
        (MAIN[:-200], "its archive at byte 0 is damaged: it ends in the middle of an archive"),
        (
            gzip.compress(b"no archive" * 100),
            "its gzip part is damaged: a header of an archive's member is missing",
        ),
    ],
    ids=["empty", "nothing", "a page", "cut off", "no archive"],
)
def test_what_is_no_initramfs_is_told(tmp_path: Path, data: bytes, problem: str) -> None:
    assert read(tmp_path, data).problem == problem


def test_a_missing_initramfs_is_told(tmp_path: Path) -> None:
    assert read_initramfs(str(tmp_path / "initrd")).problem == "No such file or directory"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.integers(min_value=0, max_value=len(IMAGE) - 1))
def test_no_initramfs_that_was_cut_off_passes_for_a_whole_one(tmp_path: Path, length: int) -> None:
    # Up to the end of the microcode it is an archive of its own.
    cut_between = len(MICROCODE) <= length <= len(MICROCODE) + 512
    assert (read(tmp_path, IMAGE[:length]).problem is None) == cut_between


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    prefix=st.sampled_from([b"", b"070701", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh9"]),
)
def test_no_content_makes_the_reader_fail(tmp_path: Path, data: bytes, prefix: bytes) -> None:
    assert isinstance(read(tmp_path, prefix + data), Reading)


def test_without_its_program_a_part_is_said_to_be_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_files, "environment", lambda: {"PATH": str(tmp_path)})
    reading = read(tmp_path, MICROCODE + b"\x28\xb5\x2f\xfd" + b"x" * 96)
    assert reading.problem is None
    assert reading.unread == "its zstd part of 100 bytes: the program zstd is not installed"


def zstd_that_ends_with(status: int, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = directory / "zstd"
    program.write_text(f"#!/bin/sh\ncat > {directory}/seen\necho 'truncated input' >&2\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setattr(boot_files, "environment", lambda: {"PATH": f"{directory}:/usr/bin:/bin"})


def test_the_hosts_own_program_reads_what_python_can_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zstd_that_ends_with(0, tmp_path, monkeypatch)
    assert read(tmp_path, MICROCODE + bytes(512) + b"\x28\xb5\x2f\xfd rest") == WHOLE
    assert (tmp_path / "seen").read_bytes() == b"\x28\xb5\x2f\xfd rest"


def test_what_that_program_complains_of_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zstd_that_ends_with(1, tmp_path, monkeypatch)
    assert read(tmp_path, b"\x28\xb5\x2f\xfd rest").problem == "its zstd part is damaged: truncated input"


def kernel(release: bytes = b"6.1.0-53-cloud-amd64 (debian-kernel@lists.debian.org)") -> bytes:
    setup = bytearray(1024)
    setup[0x1F1] = 1
    struct.pack_into("<I", setup, 0x1F4, 4096 // 16)
    setup[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", setup, 0x20E, 0x280 - 0x200 + 0x20)
    setup[0x2A0 : 0x2A0 + len(release)] = release
    return bytes(setup) + bytes(4096)


def test_a_whole_kernel_is_as_long_as_its_header_says(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(kernel())
    assert read_kernel(str(tmp_path / "vmlinuz")) == WHOLE


@pytest.mark.parametrize(
    ("data", "problem"), [(b"", "it is empty"), (kernel()[:3000], "it ends after 3000 of 5120 bytes")]
)
def test_a_kernel_that_was_cut_off_is_told(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "vmlinuz").write_bytes(data)
    assert read_kernel(str(tmp_path / "vmlinuz")).problem == problem


def test_a_kernel_of_another_kind_is_said_to_be_unread(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(b"MZ" + bytes(2000))
    assert read_kernel(str(tmp_path / "vmlinuz")).unread is not None
    assert kernel_release(str(tmp_path / "vmlinuz")) is None


def test_a_kernel_names_its_release_itself(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(kernel())
    assert kernel_release(str(tmp_path / "vmlinuz")) == "6.1.0-53-cloud-amd64"
