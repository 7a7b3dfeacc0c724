# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenVEX documents (https://github.com/openvex/spec): statements about products that package URLs name.

Only statements whose package URL tells the distribution's release ("distro=debian-12") or a language
ecosystem say something that hosts can be matched against. Where only the publisher is told, or a fix without
its version, nobody knows whether a host is concerned; other products are left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Status,
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.csaf import OF_ONE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import families_of_unknown
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    LANGUAGES,
    any_release,
    language_name,
)

_STATUSES: dict[str, Status] = {
    "affected": "affected",
    "fixed": "fixed",
    "not_affected": "not_affected",
    "under_investigation": "under_investigation",
}


def read(feed: Feed) -> Iterator[Record]:
    """A record for each statement on a CVE, named by the CVE."""
    for name, data in feed.documents():
        document = Checked(feed.json(data, name), feed.name, name)
        if "openvex" not in document.text("@context", ""):
            raise FeedError(feed.name, f"{name} @context", "expected an OpenVEX document")
        for statement in document.objects("statements"):
            yield from _records(document, statement)


def _records(document: Checked, statement: Checked) -> Iterator[Record]:
    status = _STATUSES.get(statement.text("status"))
    if status is None:
        raise statement.error("status", f"one of {', '.join(sorted(_STATUSES))}", statement.value["status"])
    affected: list[Affected] = []
    for product in statement.items("products"):
        found = list(_affected(product, status))
        if not found or found[0].status == "unknown":
            yield Unread(_shown(product))
        affected += found
    for cve in _vulnerability(statement):
        if affected:
            date = statement.date("timestamp") or document.date("timestamp")
            title = f"{document.short('author')}: {status.replace('_', ' ')}"
            yield Advisory(
                name=cve, title=title, issued=date, updated=date, cves=(cve,), affected=tuple(affected)
            )


def _vulnerability(statement: Checked) -> tuple[str, ...]:
    """The CVE of a statement. Older documents have its name where newer ones have an object."""
    if isinstance(statement.value.get("vulnerability"), str):
        return cves_in(statement.text("vulnerability"))
    named = statement.object("vulnerability")
    return cves_in(named.text("name", ""), *(one for one in named.items("aliases") if isinstance(one, str)))


def _affected(product: Any, status: Status) -> Iterator[Affected]:
    purl = _purl(product)
    if purl is None:
        return
    release = purl.type if purl.type in LANGUAGES else purl.release
    name = purl.qualifiers.get("upstream", "").partition("@")[0] or language_name(purl.type, purl.full_name)
    arch = purl.qualifiers.get("arch", "") if purl.type == "rpm" else ""
    if release is None:
        if status == "not_affected":
            return
        for family in families_of_unknown(purl.namespace):
            note = f"of {purl.namespace}, whose release is not told"
            yield Affected(any_release(family), name, "unknown", arch=arch, note=note)
        return
    version = _source_version(purl)
    if status == "fixed":
        if version:
            yield Affected(release, name, status, fixed=version, arch=arch)
        else:
            yield Affected(release, name, "unknown", arch=arch, note="fixed in a version that is not told")
        return
    # What a statement says of one version it doesn't say of others.
    first = version if status == "not_affected" else ""
    yield Affected(release, name, status, arch=arch, introduced=first, last=version)
    if version:
        yield Affected(release, name, "unknown", arch=arch, note=OF_ONE_VERSION)


def _purl(product: Any) -> Purl | None:
    identity = product.get("@id") if isinstance(product, dict) else product
    return parse(identity) if isinstance(identity, str) else None


def _shown(product: Any) -> str:
    """A product for people."""
    purl = _purl(product)
    identity = product.get("@id") if isinstance(product, dict) else product
    return f"pkg:{purl.type}/{purl.namespace}" if purl else str(identity)[:80]


def _source_version(purl: Purl) -> str:
    """The version of the source, which "upstream" ("openssl@3.0.1-1") tells where it is another one."""
    return purl.qualifiers.get("upstream", "").partition("@")[2] or purl.full_version
