# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""updateinfo.xml, the advisories that an RPM repository carries itself.

Most repositories don't say in it which release they are for: then the feed is told (release), as dnf knows it
from the repository that it comes from.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timezone

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    AdvisoryType,
    Affected,
    Record,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    cves_in,
    severity,
    utc_date,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import (
    Product,
    of_name,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.xml_stream import elements

_TYPES: dict[str, AdvisoryType] = {
    "security": "security",
    "bugfix": "bugfix",
    "enhancement": "enhancement",
    # Fedora's and SUSE's words for updates that fix no vulnerability.
    "newpackage": "enhancement",
    "recommended": "bugfix",
    "optional": "enhancement",
    "feature": "enhancement",
}
_SOURCE_ARCHES = {"src", "nosrc"}
_SECONDS = re.compile(r"\d{9,11}")


def read(feed: Feed) -> Iterator[Record]:
    """An advisory for each update that carries packages."""
    for element in elements(feed, "update"):
        name = (element.findtext("id") or "").strip()
        place = f"{element.get('place')}, {name or 'an update'}"
        if not name:
            raise FeedError(feed.name, place, "an update without an id")
        affected = tuple(_packages(feed, element, place))
        if affected:
            yield Advisory(
                name=name,
                type=_TYPES.get(element.get("type", "").lower(), "unknown"),
                title=" ".join((element.findtext("title") or "").split())[:1000],
                severity=severity(element.findtext("severity") or ""),
                issued=_date(element.find("issued")),
                updated=_date(element.find("updated")) or _date(element.find("issued")),
                url=_url(element),
                cves=_cves(element),
                affected=affected,
            )


def _packages(feed: Feed, element: ET.Element, place: str) -> Iterator[Affected]:
    seen = set()
    for collection in element.iterfind("pkglist/collection"):
        module = _module(collection)
        products = _products(element, collection)
        if feed.release:
            _refuse_contradiction(feed, place, element, collection)
            products = ((feed.release, ""),)
        for package in collection.iterfind("package"):
            if not products:
                raise FeedError(
                    feed.name, place, "does not say for which release it is; tell it, like almalinux:9"
                )
            for product in products:
                affected = _affected(feed, package, product, module, place)
                if affected.arch not in _SOURCE_ARCHES and affected not in seen:
                    seen.add(affected)
                    yield affected


def _affected(feed: Feed, package: ET.Element, product: Product, module: str, place: str) -> Affected:
    name, version, revision = (package.get(key, "") for key in ("name", "version", "release"))
    if not (name and version and revision):
        raise FeedError(feed.name, place, "a package without name, version or release")
    release, channel = product
    return Affected(
        release,
        name,
        "fixed",
        fixed=f"{package.get('epoch') or '0'}:{version}-{revision}",
        arch=package.get("arch", ""),
        module=module,
        channel=channel,
    )


def _module(collection: ET.Element) -> str:
    module = collection.find("module")
    return "" if module is None else f"{module.get('name', '')}:{module.get('stream', '')}"


def _products(element: ET.Element, collection: ET.Element) -> tuple[Product, ...]:
    names = (collection.findtext("name"), element.findtext("release"), element.findtext("title"))
    return next((found for name in names if name and (found := of_name(name))), ())


def _refuse_contradiction(feed: Feed, place: str, element: ET.Element, collection: ET.Element) -> None:
    """Raise FeedError where the file itself is of another release than it is told; titles don't count."""
    for name in (collection.findtext("name"), element.findtext("release")):
        told = {release for release, _channel in of_name(name or "")}
        if told and feed.release not in told:
            raise FeedError(
                feed.name,
                place,
                f"is for {', '.join(sorted(told))}, not for {feed.release}; "
                "leave the release out, or give the file's own",
            )


def _date(element: ET.Element | None) -> str:
    """The date of an attribute like "2021-07-22 18:25:24" or "1763596800" (SUSE: seconds since 1970), in
    UTC."""
    found = "" if element is None else element.get("date", "").strip()
    if _SECONDS.fullmatch(found):
        return datetime.fromtimestamp(int(found), timezone.utc).date().isoformat()
    return utc_date(found)


def _url(element: ET.Element) -> str:
    links = (
        one.get("href", "") for one in element.iterfind("references/reference") if one.get("type") == "self"
    )
    return next((one for one in links if one.startswith("https://")), "")


def _cves(element: ET.Element) -> tuple[str, ...]:
    """The CVEs of all references; Fedora names them in the titles of bugs alone. Else those of the text."""
    references = [
        reference.get(key, "")
        for reference in element.iterfind("references/reference")
        for key in ("id", "title", "href")
    ]
    found = cves_in(*references)
    if found or element.get("type", "").lower() != "security":
        return found
    return cves_in(element.findtext("title") or "", element.findtext("description") or "")
