# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CycloneDX and SPDX have in common: components by package URL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import (
    DISTRIBUTION_TYPES,
    NAMESPACES,
    Purl,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    language_name,
    os_id,
    release_key,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.os_release import os_of

_SOURCE_ARCHES = {"src", "nosrc", "source"}
_ANY_ARCH = {"", "all", "any", "noarch"}
_MACHINES = {
    "x86": {"amd64", "x86_64", "i386", "i486", "i586", "i686", "x86", "x32"},
    "arm": {"arm64", "aarch64", "armhf", "armel", "armv6hl", "armv7hl", "armv7"},
    "power": {"ppc64", "ppc", "powerpc"},
    "s390": {"s390x", "s390"},
}
_SOURCE_RPM = re.compile(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm")


def inventory_of(purls: Iterable[Purl]) -> Inventory:
    """The packages of an SBOM, the distribution's and the languages', and the system that most of them
    name.

    Source packages are not installed. Packages of another architecture than the system's may lie in the same
    image, but nothing tells that they are what the system runs: they are kept as those of another origin, as
    are packages of another release, and RPMs in the namespace of another publisher.
    """
    inventory, systems = Inventory(), Counter[tuple[str, str]]()
    seen = set()
    told: list[tuple[Purl, dict[str, Any]]] = []
    languages: dict[tuple[str, str, str], None] = {}
    for purl in purls:
        if not purl.version or purl.qualifiers.get("arch") in _SOURCE_ARCHES:
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
            told.append((purl, package))
    inventory.language_packages = [
        {"name": name, "version": version, "ecosystem": kind} for name, version, kind in languages
    ]
    if systems:
        (family, version), _count = systems.most_common(1)[0]
        inventory.os = os_of(family, version)
        for purl, package in told:
            package["origin"] = _other_origin(purl, family, release_key(family, version))
    _mark_foreign(inventory.packages)
    return inventory


def _other_origin(purl: Purl, family: str, release: str | None) -> str:
    """What a package is of where it is not of the system's release and publisher, else ""."""
    if purl.system and purl.release != release:
        return f"release {purl.qualifiers['distro']}"
    own = (family, *NAMESPACES.get(family, ()))
    if purl.type == "rpm" and purl.namespace and os_id(purl.namespace) not in own:
        return purl.namespace
    return ""


def _mark_foreign(packages: list[dict[str, Any]]) -> None:
    arches = Counter(one["arch"] for one in packages if one["arch"] not in _ANY_ARCH)
    if not arches:
        return
    own, _count = arches.most_common(1)[0]
    for package in packages:
        if package["arch"] not in _ANY_ARCH and _machine(package["arch"]) != _machine(own):
            package["origin"] = f"architecture {package['arch']}"


def _machine(arch: str) -> str:
    """The machine that runs an architecture; 32-bit packages beside 64-bit ones are of the same."""
    return next((machine for machine, arches in _MACHINES.items() if arch in arches), arch)


def _package(purl: Purl) -> dict[str, Any]:
    """An "upstream" qualifier ("openssl@3.0.1-1") names the source where it differs from the binary."""
    source, _separator, source_version = purl.qualifiers.get("upstream", "").partition("@")
    if match := _SOURCE_RPM.fullmatch(source):
        source, source_version = match["name"], match["version"]
    package = {
        "name": purl.name,
        "version": purl.full_version,
        "arch": purl.qualifiers.get("arch", ""),
        "source": source or None,
        "source_version": source_version or purl.full_version,
        "origin": "",
        "suite": None,
        "manual": None,
    }
    if "rpmmod" in purl.qualifiers:
        package["module"] = ":".join(purl.qualifiers["rpmmod"].split(":")[:2])
    return package


def with_source(purl: Purl, source: str, version: str) -> Purl:
    """The package URL with the source that a scanner tells beside it, unless it names one itself."""
    if not source or purl.qualifiers.get("upstream"):
        return purl
    upstream = f"{source}@{version}" if version else source
    return replace(purl, qualifiers={**purl.qualifiers, "upstream": upstream})
