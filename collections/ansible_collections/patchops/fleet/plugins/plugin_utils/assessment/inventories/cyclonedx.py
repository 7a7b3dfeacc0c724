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
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.os_release import os_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.sbom import inventory_of

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
            inventory.os = os_of(component.text("name").lower(), component.text("version", ""))
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
            yield purl
