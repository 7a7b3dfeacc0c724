# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read files, and write them so that a power cut leaves no half of one."""

import hashlib
import json
import os
from typing import Any, Optional

from ansible_collections.patchops.fleet.plugins.module_utils import untrusted_paths


def read_json(path: str) -> Any:
    """Return what a JSON file holds; raises OSError or ValueError."""
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def sha256_of(path: str) -> Optional[str]:
    """Return the SHA-256 of a file, None when there is none; raises OSError for what is no plain file."""
    try:
        descriptor = untrusted_paths.open_file(os.path.abspath(path))
    except FileNotFoundError:
        return None
    total = hashlib.sha256()
    try:
        for block in untrusted_paths.read_blocks(descriptor):
            total.update(block)
    finally:
        os.close(descriptor)
    return total.hexdigest()


def write_json(path: str, value: Any) -> None:
    """Replace a file by `value` as JSON, mode 0600: the former content or the new one, never a part."""
    write_file(path, json.dumps(value, indent=1, sort_keys=True).encode("utf-8"))


def write_file(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replace a file by `data` so that it survives a power cut right after the return."""
    place = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        name = os.path.basename(path)
        # The umask may have taken some of the mode away.
        untrusted_paths.replace_file(
            place, name, f"{name}.new-{os.getpid()}", data, lambda descriptor: os.fchmod(descriptor, mode)
        )
    finally:
        os.close(place)


def sync_files(directory: str) -> None:
    """Make the files in a directory survive a power cut, whoever wrote them."""
    for name in os.listdir(directory):
        descriptor = os.open(os.path.join(directory, name), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_directory(directory)


def sync_directory(path: str) -> None:
    """Make what was created or renamed in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
