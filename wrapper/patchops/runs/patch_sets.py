# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the patch set that a person names by its file or by its id."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.patchops.fleet.plugins.plugin_utils.store import DirectoryStore, patch_set_key
from patchops.errors import InputError

_ID_START = re.compile(r"[0-9a-f]{6,64}")


def locate_patch_set(name: str, documents: Path) -> Path:
    """The file of a patch set: a path, or an id (or how it starts) among the sealed ones in `documents`."""
    store = DirectoryStore(documents)
    path = Path(name).expanduser()
    if path.is_file():
        return path.absolute()
    folder = store.path(patch_set_key("any")).parent
    if not _ID_START.fullmatch(name):
        raise InputError(
            f"There is no patch set file {path.absolute()}.",
            f"Name a file, or the id of one that was sealed here; they are in {folder}.",
        )
    found = store.patch_sets(name)
    if len(found) == 1:
        return found[0].absolute()
    raise InputError(
        f"{len(found)} sealed patch sets in {folder} have an id that starts with {name}, not one.",
        "`patchops report` shows the id that a run sealed.",
    )
