# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of hosts as the wrapper reads them: by host, whichever version of PatchOps wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.shared_packages import SharedPackages
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import DocumentError
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import read_host
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import (
    DirectoryStore,
    StoreError,
    host_of,
    is_of,
    read_host_document,
)
from patchops.text import plain

Owner = Callable[[str], str | None]
"""From the id of a run to the key of its inventory, None where the run is not on record."""
Found = tuple[dict[str, Any] | None, str]
"""A document and "", or None and why there is none that can be used."""


class HostDocuments:
    """The host documents of a folder.

    Versions up to 0.1 kept a document under the host's name alone. Its inventory is that of the run that
    wrote it, as far as that run is on record.
    """

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._store = DirectoryStore(folder, SharedPackages().loads)
        self._owner = owner

    def __bool__(self) -> bool:
        """Whether any host was ever scanned."""
        return self._store.has_host_documents()

    def of(self, host: HostKey) -> Found:
        """The document of a host."""
        try:
            document = read_host_document(self._store, host)
        except StoreError as error:
            return None, f"its last scan can't be used: {plain(error)}"
        if document is None:
            return None, "it was never scanned"
        owner = self._inventory(document)
        if owner and host.inventory and owner != host.inventory:
            return (
                None,
                f"it was never scanned; the {host.name} that was scanned is of the inventory {plain(owner)}",
            )
        return _readable(document, host)

    def all(self) -> Iterator[tuple[HostKey, Found]]:
        """Every host that was ever scanned with its document; those whose document is damaged come last.

        A document without an inventory is left out where a newer one of that name can be the same host's.
        """
        paths = self._store.host_documents()
        newer: set[HostKey] = set()
        damaged: list[tuple[Path, str]] = []
        # A folder of this version has an @, which no folder of a former one has.
        for path in sorted(paths, key=lambda path: "@" not in path.parent.name):
            try:
                document = self._store.load(path)
            except StoreError as error:
                damaged.append((path, plain(error)))
                continue
            name = document.get("host")
            host = HostKey(self._inventory(document), name if isinstance(name, str) else "")
            if not host.name or not is_of(path, host):
                damaged.append((path, f"{path} says that it is of {plain(name, 80)}"))
                continue
            if document.get("inventory"):
                newer.add(host)
            elif host in newer or (not host.inventory and any(known.name == name for known in newer)):
                continue
            yield host, _readable(document, host)
        inventories = {host.inventory for host in newer}
        for path, why in damaged:
            yield host_of(path, inventories), (None, f"its last scan can't be used: {why}")

    def _inventory(self, document: dict[str, Any]) -> str:
        return str(document.get("inventory") or self._owner(str(document.get("run_id"))) or "")


def _readable(document: dict[str, Any], host: HostKey) -> Found:
    try:
        return read_host(document, host), ""
    except DocumentError as error:
        return None, f"its last scan can't be used: {plain(error)}"
