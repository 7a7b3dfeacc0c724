# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get a patch set from wherever a variable says it is: a file, the document itself, or the wire form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.payload import PayloadError, decode
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import PatchSetError, read_patch_set

# What a patch set may be when it is unpacked; its wire form in an artifact is at most 256 KiB.
_MAX_BYTES = 16 * 1024 * 1024


def load_patch_set(source: Any) -> dict[str, Any]:
    """Return the sealed patch set that `source` is or names, checked against its id.

    `source`: the document (mapping), its encoded form as an artifact carries it, or a path on the controller.
    Raises PatchSetError or DocumentError.
    """
    if isinstance(source, Mapping):
        return read_patch_set(dict(source))
    if not isinstance(source, str) or not source:
        raise PatchSetError(
            f"{source!r} is no patch set: give a path on the controller or the document itself"
        )
    if source.startswith("H4sI"):  # gzip in base64
        try:
            return read_patch_set(decode(source, _MAX_BYTES), "the patch set of the artifact")
        except PayloadError as error:
            raise PatchSetError(
                f"the patch set of the artifact is {error}. Run the earlier job again."
            ) from error
    path = Path(source).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PatchSetError(
            f"the patch set {path} could not be read on the controller ({error.strerror})"
        ) from error
    return read_patch_set(data, f"the patch set {path}")
