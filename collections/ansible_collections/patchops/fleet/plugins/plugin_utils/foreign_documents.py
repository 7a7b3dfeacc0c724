# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read documents that may have been altered: from a host, a file, a store, an artifact.

Whoever can write one of these must not choose what code meets that takes its shape for granted, nor how much
memory it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.payload import MAX_BYTES, PayloadError, load_json
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import (
    DOCUMENT,
    BoundsError,
    bounded,
    plain,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError, read_document
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.shapes import ShapeError, checking


class SoundPackages(list[Any]):
    """The packages of a host document that were checked one by one, where they are shared among documents."""


def read_foreign(data: Any, kind: str, where: str = "the document", whole: bool = True) -> dict[str, Any]:
    """Return a document (JSON as bytes or text, or what was parsed of it) that fits the schema of its kind.

    `whole`: see `checking`. Raises DocumentError; the message is safe to show.
    """
    try:
        if isinstance(data, (bytes, str)):
            data = parse_foreign(data)
        document = within_bounds(read_document(data, kind, where), where)
        return shaped(document, kind, where, whole)
    except PayloadError as error:
        raise DocumentError(f"{where} is {plain(error)}") from None


def read_host(document: Any, host: HostKey) -> dict[str, Any]:
    """Return a stored host document that fits its schema and is this host's. Raises DocumentError."""
    where = f"the document of {host.name}"
    found = read_foreign(document, "patchops.host", where, whole=False)
    told, inventory = found.get("host"), found.get("inventory")
    if told != host.name or (inventory and host.inventory and inventory != host.inventory):
        raise DocumentError(
            f"{where} says that it is of {plain(told, 80)} ({plain(inventory or 'unknown', 200)})"
        )
    return found


def parse_foreign(data: bytes | str, most_bytes: int = MAX_BYTES) -> Any:
    """Return the value of JSON text; raises PayloadError, whose message continues "it is"."""
    try:
        raw = data.encode("utf-8") if isinstance(data, str) else data
        if len(raw) > most_bytes:
            raise PayloadError(f"larger than {most_bytes} bytes")
        return load_json(raw)
    except PayloadError:
        raise
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"not JSON: {plain(error, 200)}") from None


def read_file(path: Path, most_bytes: int = MAX_BYTES) -> bytes:
    """Return what is in a file, and of one that is too large a little more than `most_bytes`.

    Raises OSError.
    """
    with path.open("rb") as file:
        return file.read(most_bytes + 1)


def fitting(document: dict[str, Any], kind: str, where: str) -> dict[str, Any]:
    """Return a document as a copy within bounds that fits the schema of its kind. Raises DocumentError."""
    return shaped(within_bounds(document, where), kind, where)


def within_bounds(document: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a copy of a document within the bounds of one. Raises DocumentError."""
    packages = document.get("packages")
    known = isinstance(packages, SoundPackages)

    def copy() -> dict[str, Any]:
        made: dict[str, Any] = bounded(
            {**document, "packages": []} if known else document, DOCUMENT, visible=False
        )
        return {**made, "packages": packages} if known else made

    copied: dict[str, Any] = _told(copy, where)
    return copied


def shaped(document: dict[str, Any], kind: str, where: str, whole: bool = True) -> dict[str, Any]:
    """Return a document that fits the schema of its kind. `whole`: see `checking`. Raises DocumentError."""
    packages = document.get("packages")
    known = isinstance(packages, SoundPackages)
    check = checking(kind, whole=whole)
    _told(lambda: check({**document, "packages": []} if known else document), where)
    return document


def sound_package(package: Any) -> Any:
    """Return a package of a host document that fits its schema; raises ValueError."""
    return checking("patchops.host", "package", whole=False)(bounded(package, DOCUMENT, visible=False))


def _told(check: Callable[[], Any], where: str) -> Any:
    try:
        return check()
    except (BoundsError, ShapeError) as error:
        raise DocumentError(f"{where}: {plain(error)}") from None
