# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""updateinfo.xml, the advisories that an RPM repository carries itself.

Most repositories don't say in it which release they are for: then the feed is told (release), as dnf knows it
from the repository that it comes from.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import cves_in, severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.records import (
    Advisory,
    AdvisoryType,
    Affected,
    Record,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import from_name
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
                cves=cves_in(*_cve_references(element)),
                affected=affected,
            )


def _packages(feed: Feed, element: ET.Element, place: str) -> Iterator[Affected]:
    seen = set()
    for collection in element.iterfind("pkglist/collection"):
        module = _module(collection)
        release = feed.release or _release(element, collection)
        for package in collection.iterfind("package"):
            if not release:
                raise FeedError(
                    feed.name, place, "does not say for which release it is; tell it, like almalinux:9"
                )
            affected = _affected(feed, package, release, module, place)
            if affected.arch not in _SOURCE_ARCHES and affected not in seen:
                seen.add(affected)
                yield affected


def _affected(feed: Feed, package: ET.Element, release: str, module: str, place: str) -> Affected:
    name, version, revision = (package.get(key, "") for key in ("name", "version", "release"))
    if not (name and version and revision):
        raise FeedError(feed.name, place, "a package without name, version or release")
    return Affected(
        release,
        name,
        "fixed",
        fixed=f"{package.get('epoch') or '0'}:{version}-{revision}",
        arch=package.get("arch", ""),
        module=module,
    )


def _module(collection: ET.Element) -> str:
    module = collection.find("module")
    return "" if module is None else f"{module.get('name', '')}:{module.get('stream', '')}"


def _release(element: ET.Element, collection: ET.Element) -> str:
    names = (collection.findtext("name"), element.findtext("release"), element.findtext("title"))
    return next((found for name in names if name and (found := from_name(name))), "")


def _date(element: ET.Element | None) -> str:
    """The date of an attribute like "2021-07-22 18:25:24"; some repositories give seconds since 1970 or
    nothing."""
    found = "" if element is None else element.get("date", "")[:10]
    return found if len(found) == 10 and found[4] == found[7] == "-" else ""


def _url(element: ET.Element) -> str:
    links = (
        one.get("href", "") for one in element.iterfind("references/reference") if one.get("type") == "self"
    )
    return next((one for one in links if one.startswith("https://")), "")


def _cve_references(element: ET.Element) -> Iterator[str]:
    for reference in element.iterfind("references/reference"):
        if reference.get("type") == "cve":
            yield reference.get("id", "") or reference.get("title", "")
