# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product tree of a CSAF document: which package of which releases a product id stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import (
    Product,
    families_of_unknown,
    of_cpe,
    of_name,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import any_release

_ARCHES = (
    "noarch|src|nosrc|x86_64|i[3-6]86|aarch64|armv\\w+|ppc|ppc64|ppc64le|s390|s390x|ia64|riscv64|loongarch64"
)
# "vim-common-2:8.2-20.x86_64" has an architecture; SUSE also writes "ctdb-4.19.2-1.1" without one.
_NEVRA = re.compile(rf"(?P<name>.+)-(?P<evr>(?:\d+:)?[^-:]+-[^-:]+?)\.(?P<arch>{_ARCHES})")
_NEVR = re.compile(r"(?P<name>.+)-(?P<evr>(?:\d+:)?\d[^-:]*-\d[^-:]*)")
# "PyYAML.src::python39-devel:3.9": Red Hat writes the module behind or, before 2026, in front
# ("nodejs:18/npm").
_MODULE_BEHIND = re.compile(r"(?P<name>.+)::(?P<module>[^:/]+:[^:/]+)")
_MODULE_BEFORE = re.compile(r"(?P<module>[^:/]+:[^:/]+)/(?P<name>.+)")
# The version of a module ("8100020240826142629.d47b87a4"), which no package of it has.
_MODULE_VERSION = re.compile(r"(?:\d+:)?(?P<stream>[^-]+)-(?P<build>\d{15,}\.[0-9a-f]{6,})")
_SOURCE_ARCHES = {"src", "nosrc"}
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Package:
    """What a product id names. version: "" for all versions. module: "name:stream" or "".

    doubt: why it can't be applied to hosts although a known release may be meant, else "".
    arches: as Affected.arch has them: "src" a source RPM, "module" a module, "" a binary of any architecture;
    two where the vendor does not tell the source from the binary of that name.
    """

    products: tuple[Product, ...]
    name: str
    version: str
    arches: tuple[str, ...]
    module: str
    doubt: str = ""


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
        # Newer documents mark sources; in those that don't, a name without version is that of a source.
        purls = [purl for product in self._products.values() if (purl := _purl(product))]
        self._marks_sources = any(
            not purl.version and purl.qualifiers.get("arch") in _SOURCE_ARCHES for purl in purls
        )

    @property
    def is_empty(self) -> bool:
        return not self._products

    def find(self, identity: str) -> Package | None:
        """The package behind a product id, None for products that no host can have.

        Of a product or an id that is not known, it is the package of all releases that may be meant.
        """
        component, platform = self._split(identity)
        part = self._products.get(component)
        purl = _purl(part) if part is not None else None
        products = self._of_platform(platform)
        doubt = ""
        if not platform and purl and purl.release:
            products = ((purl.release, ""),)
        if not products:
            families, doubt = self._families(identity, platform, purl)
            products = tuple((any_release(family), "") for family in families)
        if not products:
            return None
        module, name = _module_and_name(component)
        if doubt and part is None and not platform:
            return Package(products, "", "", ("",), "", doubt)
        found = self._named(products, purl, name, module)
        return replace(found, doubt=doubt)

    def _named(self, products: tuple[Product, ...], purl: Purl | None, name: str, module: str) -> Package:
        if purl is not None and purl.type == "rpm":
            return self._of_purl(products, purl, module)
        if match := _NEVRA.fullmatch(name):
            return Package(products, match["name"], match["evr"], (_arch(match["arch"]),), module)
        if match := _NEVR.fullmatch(name):
            return Package(products, match["name"], match["evr"], ("src", ""), module)
        return Package(products, name, "", ("src", ""), module)

    def _split(self, identity: str) -> tuple[str, str]:
        """Component and platform of an id; where the tree doesn't tell them, both stand in the id."""
        if identity in self._parts:
            return self._parts[identity]
        if identity not in self._products:
            for place, character in enumerate(identity):
                if character == ":" and identity[:place] in self._products:
                    return identity[place + 1 :], identity[:place]
        return identity, ""

    def _families(self, identity: str, platform: str, purl: Purl | None) -> tuple[tuple[str, ...], str]:
        """The families whose hosts a statement on an unknown product may concern, and why nobody knows."""
        product = self._products.get(platform)
        if product is not None:
            name = product.text("name", "") or platform
            doubt = f"of {name}, which is no release that is known here"
            return families_of_unknown(name, _cpe(product)), doubt
        if purl is not None:
            doubt = f"of {purl.namespace or 'no publisher'}, whose release is not told"
            return families_of_unknown(purl.namespace), doubt
        if not platform and identity in self._products:
            return (), ""
        families = (
            family
            for known in self._products.values()
            for family in families_of_unknown(known.text("name", ""), _cpe(known))
        )
        doubt = f"of the product {identity!r}, which the document doesn't explain"
        return tuple(dict.fromkeys(families)), doubt

    def _of_purl(self, products: tuple[Product, ...], purl: Purl, module: str) -> Package:
        module = ":".join(purl.qualifiers.get("rpmmod", module).split(":")[:2])
        arch = _arch(purl.qualifiers.get("arch", ""))
        if build := _MODULE_VERSION.fullmatch(purl.full_version):
            module = module or f"{purl.name}:{build['stream']}"
            return Package(products, module.partition(":")[0], build["build"], ("module",), module)
        if arch:
            arches: tuple[str, ...] = (arch,)
        elif purl.version or self._marks_sources:
            arches = ("src", "")
        else:
            arches = ("src",)
        return Package(products, purl.name, purl.full_version, arches, module)

    def _of_platform(self, platform: str) -> tuple[Product, ...]:
        product = self._products.get(platform)
        if product is None:
            return ()
        found = of_cpe(_cpe(product))
        if found is None:
            return of_name(product.text("name", ""))
        # A CPE can be less exact than the name: SUSE's can leave out what "-LTSS" in the name says.
        channels = {channel for _release, channel in of_name(product.text("name", ""))}
        told = tuple((release, channel or next(iter(channels), "")) for release, channel in found)
        # Red Hat's CPEs are exact; of SUSE's some are known by the name alone.
        return told if told or ":redhat:" in _cpe(product) else of_name(product.text("name", ""))


def _purl(product: Checked) -> Purl | None:
    return parse(product.object("product_identification_helper").text("purl", ""))


def _cpe(product: Checked) -> str:
    return product.object("product_identification_helper").text("cpe", "")


def _arch(word: str) -> str:
    return "src" if word in _SOURCE_ARCHES else word


def _module_and_name(component: str) -> tuple[str, str]:
    for pattern in (_MODULE_BEHIND, _MODULE_BEFORE):
        if match := pattern.fullmatch(component):
            return match["module"], match["name"]
    return "", component


def _leaves(branch: Checked, depth: int) -> Iterator[Checked]:
    if depth > _MAX_DEPTH:
        raise FeedError(branch.file, branch.place, "branches are nested too deeply")
    for child in branch.objects("branches"):
        if "product" in child.value:
            yield child.object("product")
        yield from _leaves(child, depth + 1)
