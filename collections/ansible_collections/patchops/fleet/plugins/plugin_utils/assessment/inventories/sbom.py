# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CycloneDX and SPDX have in common: components by package URL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import (
    DISTRIBUTION_TYPES,
    Purl,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import language_name
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.os_release import os_of

# Schemes whose advisories name the source, which a package URL does not tell by itself.
_BY_SOURCE = {"deb", "apk"}


def inventory_of(purls: Iterable[Purl]) -> Inventory:
    """The packages of an SBOM, the distribution's and the languages', and the system that most of them
    name."""
    inventory, systems = Inventory(), Counter[tuple[str, str]]()
    seen = set()
    languages: dict[tuple[str, str, str], None] = {}
    for purl in purls:
        if not purl.version:
            continue
        if purl.type not in DISTRIBUTION_TYPES:
            languages[language_name(purl.type, purl.full_name), purl.version, purl.type] = None
            continue
        if purl.system:
            systems[purl.system] += 1
        package = _package(purl)
        identity = (package["name"], package["version"], package["arch"])
        if identity not in seen:
            seen.add(identity)
            inventory.packages.append(package)
    inventory.language_packages = [
        {"name": name, "version": version, "ecosystem": kind} for name, version, kind in languages
    ]
    if systems:
        (family, version), _count = systems.most_common(1)[0]
        inventory.os = os_of(family, version)
    return inventory


def _package(purl: Purl) -> dict[str, Any]:
    """An "upstream" qualifier ("openssl@3.0.1-1") names the source where it differs from the binary."""
    source, _separator, source_version = purl.qualifiers.get("upstream", "").partition("@")
    if source.endswith(".src.rpm"):
        source = source.removesuffix(".src.rpm").rsplit("-", 2)[0]
    package = {
        "name": purl.name,
        "version": purl.full_version,
        "arch": purl.qualifiers.get("arch", ""),
        "source": source or (None if purl.type in _BY_SOURCE else purl.name),
        "source_version": source_version or purl.full_version,
        "origin": "",
        "suite": None,
        "manual": None,
    }
    if "rpmmod" in purl.qualifiers:
        package["module"] = ":".join(purl.qualifiers["rpmmod"].split(":")[:2])
    return package
