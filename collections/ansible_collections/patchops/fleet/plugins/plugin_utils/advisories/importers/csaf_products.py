# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product tree of a CSAF document: which package of which release a product id stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import from_name, release_key

_NEVRA = re.compile(r"(?P<name>.+)-(?P<evr>(?:\d+:)?[^-:]+-[^-]+)\.(?P<arch>[a-z0-9_]+)")
# The main stream alone: extended-support streams (rhel_eus) have fixes of their own at other versions.
_CPE = re.compile(
    r"cpe:(?:/|2\.3:)[ao]:(?P<product>redhat:enterprise_linux|suse:sles):(?P<version>\d+)(?::sp(?P<sp>\d+))?"
)
_FAMILIES = {"redhat:enterprise_linux": "rhel", "suse:sles": "sles"}
_SOURCE_ARCHES = {"src", "nosrc"}
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a release. version: "" for all versions. module: "name:stream" or ""."""

    release: str
    name: str
    version: str
    arch: str
    module: str


class Products:
    """Looks product ids up. Raises FeedError where the tree is malformed."""

    def __init__(self, tree: Checked) -> None:
        self._products = {
            product.text("product_id"): product
            for product in [*_leaves(tree, 0), *tree.objects("full_product_names")]
        }
        self._parts: dict[str, tuple[str, str]] = {}
        for relation in tree.objects("relationships"):
            whole = relation.object("full_product_name").text("product_id")
            self._parts[whole] = (
                relation.text("product_reference"),
                relation.text("relates_to_product_reference"),
            )

    def find(self, identity: str) -> Package | None:
        """The package behind a product id, None for products that are no package of a known release."""
        component, platform = self._parts.get(identity, (identity, ""))
        part = self._products.get(component)
        if part is None:
            return None
        release = self._release(platform)
        purl = parse(part.object("product_identification_helper").text("purl", ""))
        release = release or (purl.release if purl else None)
        if release is None:
            return None
        module, _separator, name = component.rpartition("/")
        if purl is not None and purl.type == "rpm":
            arch = purl.qualifiers.get("arch", "")
            module = ":".join(purl.qualifiers.get("rpmmod", module).split(":")[:2])
            found = Package(release, purl.name, purl.full_version, arch, module)
        elif match := _NEVRA.fullmatch(name):
            found = Package(release, match["name"], match["evr"], match["arch"], module)
        else:
            found = Package(release, name, "", "", module)
        return None if found.version and found.arch in _SOURCE_ARCHES else found

    def _release(self, platform: str) -> str | None:
        product = self._products.get(platform)
        if product is None:
            return None
        cpe = product.object("product_identification_helper").text("cpe", "")
        if match := _CPE.match(cpe):
            version = f"{match['version']}.{match['sp']}" if match["sp"] else match["version"]
            return release_key(_FAMILIES[match["product"]], version)
        return None if cpe else from_name(product.text("name", ""))


def _leaves(branch: Checked, depth: int) -> Iterator[Checked]:
    if depth > _MAX_DEPTH:
        raise FeedError(branch.file, branch.place, "branches are nested too deeply")
    for child in branch.objects("branches"):
        if "product" in child.value:
            yield child.object("product")
        yield from _leaves(child, depth + 1)
