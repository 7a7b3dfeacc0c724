# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the documents that the engine writes: their heads, their schema versions, their JSON Schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

# The schema number that this engine writes, per kind. Readers take this one and the one before.
SCHEMAS = {
    "patchops.host": 1,
    "patchops.transaction": 1,
    "patchops.patch_set": 1,
    "patchops.findings": 1,
    "patchops.verification": 1,
    "patchops.report": 1,
}

_LONGEST_SHOWN = 60
_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*\Z")


class DocumentError(ValueError):
    """Data is not a document of the kind asked for, or one that this engine can't read."""


def read_document(data: Any, kind: str, where: str = "the document") -> dict[str, Any]:
    """Return `data` (a dict, or JSON as str or bytes) when it is a readable document of `kind`.

    Keys that this engine doesn't know stay in it and are ignored. `where` says in errors which document is
    meant. Raises DocumentError; the data is untrusted.
    """
    if isinstance(data, (str, bytes)):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DocumentError(f"{where} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise DocumentError(f"{where} is not an object but {type(data).__name__}")
    if data.get("kind") != kind:
        raise DocumentError(f"{where} is of kind {_shown(data.get('kind'))}; {kind!r} was expected")
    schema, newest = data.get("schema"), SCHEMAS[kind]
    if not isinstance(schema, int) or isinstance(schema, bool) or not max(1, newest - 1) <= schema <= newest:
        raise DocumentError(
            f"{where} has schema {_shown(schema)}; this engine reads {kind} up to {newest} and one before. "
            "Install the version of PatchOps that wrote it, or a newer one."
        )
    version = data.get("engine_version")
    if not isinstance(version, str) or not _VERSION.match(version):
        raise DocumentError(f"{where} does not say which engine_version wrote it")
    return data


def _shown(value: Any) -> str:
    text = repr(value[:_LONGEST_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_SHOWN + 2 else f"{text[:_LONGEST_SHOWN]}..."


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind."""
    path = Path(__file__).parent / "schemas" / f"{kind}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
