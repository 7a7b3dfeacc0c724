# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a kernel and an initramfs can be read to their end.

An initramfs is one or more cpio archives ("newc"), padded with zeros; the last one is compressed as a whole,
and plain ones with microcode may come before it. They are read as the kernel does it; nothing is unpacked.
"""

import bz2
import gzip
import lzma
import os
import struct
import subprocess
import zlib
from typing import Any, BinaryIO, NamedTuple, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.process import environment

# `problem`: why it can't be used, None where nothing was found. `unread`: what could not be looked into.
Reading = NamedTuple("Reading", [("problem", Optional[str]), ("unread", Optional[str])])

_CPIO = (b"070701", b"070702")
_CPIO_HEADER = 110
_TRAILER = b"TRAILER!!!"
_LONGEST_NAME = 4096
_BLOCK = 1 << 20
_MAGIC = 6
_COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x89LZO", "lzop"),
)
_OPENERS: Any = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "xz": lzma.LZMAFile,
    "lzma": lzma.LZMAFile,
    "bzip2": bz2.BZ2File,
}
_DAMAGED = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
_TOOL_SECONDS = 120
# The Linux/x86 boot protocol: where the sizes of a kernel's parts stand.
_SETUP_SECTORS, _PAYLOAD, _SIGNATURE, _VERSION = 0x1F1, 0x1F4, 0x202, 0x20E


def read_initramfs(path: str) -> Reading:
    """Read an initramfs to its end."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return Reading("it is empty", None)
            return _read_archives(file, size)
    except OSError as error:
        return Reading(_words(error), None)


def read_kernel(path: str) -> Reading:
    """Look whether a kernel's file is there and, on x86, as long as its header says."""
    try:
        with open(path, "rb") as file:
            head = file.read(_VERSION + 2)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        return Reading(_words(error), None)
    if not size:
        return Reading("it is empty", None)
    if head[_SIGNATURE : _SIGNATURE + 4] != b"HdrS":
        return Reading(None, "whether it is whole: it has no header of the x86 boot protocol")
    (payload,) = struct.unpack_from("<I", head, _PAYLOAD)
    expected = ((head[_SETUP_SECTORS] or 4) + 1) * 512 + payload * 16
    if size < expected:
        return Reading(f"it ends after {size} of {expected} bytes", None)
    return Reading(None, None)


def kernel_release(path: str) -> Optional[str]:
    """Return the release that an x86 kernel's file gives as its own; None where it gives none."""
    try:
        with open(path, "rb") as file:
            head = file.read(_VERSION + 2)
            if head[_SIGNATURE : _SIGNATURE + 4] != b"HdrS":
                return None
            file.seek(struct.unpack_from("<H", head, _VERSION)[0] + 512)
            words = file.read(256).split(b"\0")[0].split()
    except OSError:
        return None
    return words[0].decode("ascii", "replace") if words else None


def _read_archives(file: BinaryIO, size: int) -> Reading:
    """Read archive after archive from an open file."""
    archives = 0
    while True:
        start = _skip_zeros(file)
        magic = file.read(_MAGIC)
        file.seek(start)
        if not magic:
            return Reading(None if archives else "it holds no archive", None)
        kind = next((name for known, name in _COMPRESSED if magic.startswith(known)), None)
        if kind in _OPENERS:
            return _read_compressed(file, kind)
        if kind:
            return _ask_tool(file, kind, size - start)
        if magic not in _CPIO:
            return Reading(f"after {start} bytes comes neither an archive nor a known compression", None)
        try:
            _walk(file)
        except _DAMAGED as error:
            return Reading(f"its archive at byte {start} is damaged: {_words(error)}", None)
        archives += 1


def _read_compressed(file: BinaryIO, kind: Any) -> Reading:
    try:
        with _OPENERS[kind](file) as stream:
            _walk(stream)
            while stream.read(_BLOCK):
                pass  # checksums stand at the end
    except _DAMAGED as error:
        return Reading(f"its {kind} part is damaged: {_words(error)}", None)
    return Reading(None, None)


def _ask_tool(file: BinaryIO, kind: str, size: int) -> Reading:
    """Have the host's own program test what Python's library has no decompressor for."""
    os.lseek(file.fileno(), file.tell(), os.SEEK_SET)
    try:
        done = subprocess.run(
            [kind, "--test", "-q"],
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=_TOOL_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return Reading(None, f"its {kind} part of {size} bytes: the program {kind} is not installed")
    except subprocess.TimeoutExpired:
        return Reading(
            None, f"its {kind} part of {size} bytes: {kind} took more than {_TOOL_SECONDS} seconds"
        )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return Reading(f"its {kind} part is damaged: {said[-1] if said else 'no reason given'}", None)
    return Reading(None, None)


def _walk(stream: Any) -> None:
    """Read one cpio archive up to and with its trailer; raises EOFError or ValueError."""
    while True:
        header = _exactly(stream, _CPIO_HEADER)
        if header[:6] not in _CPIO:
            raise ValueError("a header of an archive's member is missing")
        size, name_size = int(header[54:62], 16), int(header[94:102], 16)
        if name_size > _LONGEST_NAME:
            raise ValueError("a member's name is too long")
        # Name and content are padded to whole words, counted from the header.
        name = _exactly(stream, name_size + -(_CPIO_HEADER + name_size) % 4)
        if name[:name_size].rstrip(b"\0") == _TRAILER:
            return
        left = size + -size % 4
        while left:
            left -= len(_exactly(stream, min(left, _BLOCK)))


def _exactly(stream: Any, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("it ends in the middle of an archive")
    return bytes(data)


def _skip_zeros(file: BinaryIO) -> int:
    """Go to the next byte that is not zero, or to the end; return its place."""
    while True:
        start = file.tell()
        block = file.read(_BLOCK)
        rest = block.lstrip(b"\0")
        if rest or not block:
            file.seek(start + len(block) - len(rest))
            return file.tell()


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
