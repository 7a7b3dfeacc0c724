# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories without a live host (images, legacy and air-gapped machines), read into host documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories import (
    apk_installed,
    cyclonedx,
    dpkg_status,
    os_release,
    rpm_list,
    spdx,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import (
    Inventory,
    host_document,
)

KINDS: dict[str, Callable[[Feed], Inventory]] = {
    "apk-installed": apk_installed.read,
    "cyclonedx": cyclonedx.read,
    "dpkg-status": dpkg_status.read,
    "rpm-list": rpm_list.read,
    "spdx": spdx.read,
}


def read_inventory(
    kind: str,
    path: str | Path,
    os_release_path: str | Path | None = None,
    host: str | None = None,
    sha256: str = "",
    packages: int | None = None,
) -> dict[str, Any]:
    """A patchops.host document from a file. What such a file can't tell is null in it, and so unknown in
    findings.

    os_release_path: the os-release file of the same system; without one, only an SBOM can tell its system.
    host: what to call it, default the file's name. sha256, packages: the hash of the file and the number of
    its packages; either proves it whole. Raises FeedError with file and place.
    """
    if kind not in KINDS:
        raise FeedError(
            str(path), "", f"unknown kind of inventory {kind!r}; known: {', '.join(sorted(KINDS))}"
        )
    feed = Feed(Path(path))
    if sha256 and (digest := feed.digest()[0]) != sha256.lower():
        raise FeedError(str(path), "", f"has the SHA-256 {digest}, expected {sha256}; copy it again")
    inventory = KINDS[kind](feed)
    found = len(inventory.packages) + len(inventory.language_packages)
    if packages is not None and found != packages:
        raise FeedError(str(path), "", f"lists {found} packages, expected {packages}; copy it again")
    if inventory.unproven and not sha256 and packages is None:
        inventory.doubts.append({"code": "inventory_may_be_cut", "detail": inventory.unproven})
    if not (inventory.packages or inventory.language_packages):
        raise FeedError(str(path), "", f"lists no installed package; is it an inventory of kind {kind}?")
    os = os_release.read(Feed(Path(os_release_path))) if os_release_path else inventory.os
    return host_document(inventory, os, host or Path(path).name, kind)
