# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SPDX 2 SBOMs, in JSON and as tag-value: packages that carry a package URL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.document import Inventory
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.inventories.sbom import (
    inventory_of,
    with_source,
)

# Trivy's words for the source package: "built package from: bash 4.2.46-31.el7".
_SOURCE_INFO = re.compile(r"built package from: (?P<name>\S+) (?P<version>\S+)")
_TAG = re.compile(r"(?P<tag>[A-Za-z]+): ?(?P<value>.*)")
_PURL_REFERENCE = re.compile(r"PACKAGE[-_]MANAGER purl (?P<purl>\S+)")


def read(feed: Feed) -> Inventory:
    """The packages of the SBOM."""
    if is_tag_value(feed):
        return inventory_of(_of_tags(feed))
    document = Checked(feed.document(), feed.name, "")
    if not document.text("spdxVersion", "").startswith("SPDX-2"):
        raise FeedError(feed.name, "spdxVersion", "expected an SPDX 2 document in JSON or tag-value")
    return inventory_of(_purls(document))


def _purls(document: Checked) -> Iterator[Purl]:
    for package in document.objects("packages"):
        source = package.text("sourceInfo", "")
        for reference in package.objects("externalRefs"):
            if reference.text("referenceType", "") == "purl" and (
                purl := parse(reference.text("referenceLocator", ""))
            ):
                yield _with_source_info(purl, source)


def _with_source_info(purl: Purl, source: str) -> Purl:
    match = _SOURCE_INFO.match(source)
    return with_source(purl, match["name"], match["version"]) if match else purl


def is_tag_value(feed: Feed) -> bool:
    """Whether the first line that is no comment gives a tag; a JSON document may be one very long line."""
    try:
        for _number, line in feed.lines():
            if line.strip() and not line.startswith("#"):
                return line.startswith("SPDXVersion:")
    except FeedError:
        return False
    return False


def _of_tags(feed: Feed) -> Iterator[Purl]:
    """The package URLs of a tag-value document; a text of several lines stands between <text> and </text>."""
    purls: list[Purl] = []
    source, in_text = "", False
    for number, line in feed.lines():
        if in_text or not line.strip() or line.startswith("#"):
            in_text = in_text and "</text>" not in line
            continue
        match = _TAG.fullmatch(line.strip())
        if not match:
            raise FeedError(feed.name, f"line {number}", f"not a tag of SPDX: {line[:80]!r}")
        tag, value = match["tag"], match["value"]
        in_text = "<text>" in value and "</text>" not in value
        if tag == "SPDXVersion" and not value.startswith("SPDX-2"):
            raise FeedError(feed.name, f"line {number}", "expected an SPDX 2 document in JSON or tag-value")
        if tag == "PackageName":
            yield from (_with_source_info(purl, source) for purl in purls)
            purls, source = [], ""
        elif tag == "PackageSourceInfo":
            source = value
        elif tag == "ExternalRef" and (reference := _PURL_REFERENCE.match(value)):
            purl = parse(reference["purl"])
            purls += [purl] if purl else []
    yield from (_with_source_info(purl, source) for purl in purls)
