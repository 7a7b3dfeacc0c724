# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get a patch set from wherever a variable says it is: a file, the document itself, or the wire form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.payload import PayloadError, decode
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import plain
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import read_file
from ansible_collections.patchops.fleet.plugins.plugin_utils.patch_set import (
    MAX_BYTES,
    PatchSetError,
    read_patch_set,
)

# Gzip in base64.
_ENCODED = "H4sI"
_ID = re.compile(r"[0-9a-f]{64}\Z")


def patch_set_of_run(artifact: Any) -> tuple[str | None, str | None]:
    """Return the patch set (its encoded form) and its id in the artifact `patchops_run` of an earlier job.

    What stands there was kept by somebody else, as AWX does, or given by hand. Raises PatchSetError.
    """
    if artifact in (None, ""):
        return None, None
    if not isinstance(artifact, Mapping):
        raise PatchSetError(f"patchops_run is {plain(repr(artifact), 80)}, and not what an earlier job sets")
    encoded, of = artifact.get("patch_set"), artifact.get("patch_set_id")
    if encoded not in (None, "") and not (isinstance(encoded, str) and encoded.startswith(_ENCODED)):
        raise PatchSetError("patchops_run.patch_set is not a patch set as an earlier job encodes it")
    if of not in (None, "") and not (isinstance(of, str) and _ID.match(of)):
        raise PatchSetError(
            f"patchops_run.patch_set_id is {plain(repr(of), 80)}, and not the id of a patch set"
        )
    return encoded or None, of or None


def load_patch_set(source: Any) -> dict[str, Any]:
    """Return the sealed patch set that `source` is or names, checked against its id.

    `source`: the document (mapping), its encoded form as an artifact carries it, or a path on the controller.
    Raises PatchSetError or DocumentError.
    """
    if isinstance(source, Mapping):
        return read_patch_set(dict(source))
    if not isinstance(source, str) or not source:
        raise PatchSetError(
            f"{plain(repr(source), 80)} is no patch set: give a path on the controller or the document itself"
        )
    if source.startswith(_ENCODED):
        try:
            return read_patch_set(decode(source, MAX_BYTES), "the patch set of the artifact")
        except PayloadError as error:
            raise PatchSetError(
                f"the patch set of the artifact is {error}. Run the earlier job again."
            ) from error
    path = Path(source).expanduser()
    try:
        data = read_file(path, MAX_BYTES)
    except OSError as error:
        raise PatchSetError(
            f"the patch set {path} could not be read on the controller ({error.strerror})"
        ) from error
    return read_patch_set(data, f"the patch set {path}")
