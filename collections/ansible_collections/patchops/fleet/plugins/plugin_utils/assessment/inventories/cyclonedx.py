# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CycloneDX SBOMs (JSON): components, nested ones too, and the operating system component that scanners
add."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import os_id, release_key
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.os_release import os_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.sbom import (
    inventory_of,
    with_source,
)

_MAX_DEPTH = 50


def read(feed: Feed) -> Inventory:
    """The distribution packages of the SBOM."""
    document = Checked(feed.document(), feed.name, "")
    if document.text("bomFormat", "") != "CycloneDX":
        raise FeedError(feed.name, "bomFormat", "expected 'CycloneDX'")
    components = list(_components(document, 0))
    inventory = inventory_of(_purls(components))
    for component in components:
        if component.text("type", "") == "operating-system":
            told = os_of(os_id(component.text("name")), component.text("version", ""))
            # What the packages say of their system is kept where the component says less.
            if release_key(told["id"], told["version_id"]) or not inventory.os:
                inventory.os = told
    return inventory


def _components(parent: Checked, depth: int) -> Iterator[Checked]:
    if depth > _MAX_DEPTH:
        raise FeedError(parent.file, parent.place, "components are nested too deeply")
    for component in parent.objects("components"):
        yield component
        yield from _components(component, depth + 1)


def _purls(components: list[Checked]) -> Iterator[Purl]:
    for component in components:
        if purl := parse(component.text("purl", "")):
            yield with_source(purl, *_trivy_source(component))


def _trivy_source(component: Checked) -> tuple[str, str]:
    """Name and version of the source package, which Trivy tells in properties; empty where it doesn't."""
    told = {one.text("name", ""): one.text("value", "") for one in component.objects("properties")}
    name, epoch, version, release = (
        told.get(f"aquasecurity:trivy:Src{part}", "") for part in ("Name", "Epoch", "Version", "Release")
    )
    if not name or not version:
        return name, ""
    full = f"{version}-{release}" if release else version
    return name, f"{epoch}:{full}" if epoch and epoch != "0" else full
