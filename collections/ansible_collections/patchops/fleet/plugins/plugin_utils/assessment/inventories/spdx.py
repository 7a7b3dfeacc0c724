# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SPDX 2 SBOMs (JSON): packages that carry a package URL."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.sbom import inventory_of


def read(feed: Feed) -> Inventory:
    """The distribution packages of the SBOM."""
    document = Checked(feed.document(), feed.name, "")
    if not document.text("spdxVersion", "").startswith("SPDX-2"):
        raise FeedError(feed.name, "spdxVersion", "expected an SPDX 2 document in JSON")
    return inventory_of(_purls(document))


def _purls(document: Checked) -> Iterator[Purl]:
    for package in document.objects("packages"):
        for reference in package.objects("externalRefs"):
            if reference.text("referenceType", "") == "purl" and (
                purl := parse(reference.text("referenceLocator", ""))
            ):
                yield purl
