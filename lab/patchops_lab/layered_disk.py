# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's disk, read from below: the layers of an overlay, without the host or its kernel's view of them."""

import os
from collections.abc import Sequence
from pathlib import Path

_OPAQUE = "trusted.overlay.opaque"


class LayeredDisk:
    """The layers of a host's disk.

    :param layers: the directories, the upper one first
    """

    def __init__(self, layers: Sequence[Path]) -> None:
        self._layers = layers

    def find(self, path: str) -> Path | None:
        """Where a file lies, None when there is no such file."""
        for layer in self._layers:
            candidate = layer / path.lstrip("/")
            if candidate.is_file():
                return candidate
            if candidate.is_char_device():
                return None
        return None

    def names(self, path: str) -> set[str]:
        """What is in a directory; nothing when there is no such directory."""
        found: set[str] = set()
        gone: set[str] = set()
        for layer in self._layers:
            directory = layer / path.lstrip("/")
            if directory.is_char_device():
                break
            if not directory.is_dir():
                continue
            entries = list(directory.iterdir())
            found |= {entry.name for entry in entries if not entry.is_char_device()} - gone
            gone |= {entry.name for entry in entries if entry.is_char_device()}
            if _OPAQUE in os.listxattr(directory):
                break
        return found
