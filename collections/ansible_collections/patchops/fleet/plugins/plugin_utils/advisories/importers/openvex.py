# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenVEX documents (https://github.com/openvex/spec): statements about products that package URLs name.

Only statements whose package URL tells the distribution's release ("distro=debian-12") or a language
ecosystem say something that hosts can be matched against; others are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Status,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import Checked, cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.purl import Purl, parse
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    LANGUAGES,
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
    affected = tuple(
        found for product in statement.items("products") if (found := _affected(product, status)) is not None
    )
    for cve in _vulnerability(statement):
        if affected:
            date = statement.date("timestamp") or document.date("timestamp")
            title = f"{document.short('author')}: {status.replace('_', ' ')}"
            yield Advisory(name=cve, title=title, issued=date, updated=date, cves=(cve,), affected=affected)


def _vulnerability(statement: Checked) -> tuple[str, ...]:
    """The CVE of a statement. Older documents have its name where newer ones have an object."""
    if isinstance(statement.value.get("vulnerability"), str):
        return cves_in(statement.text("vulnerability"))
    named = statement.object("vulnerability")
    return cves_in(named.text("name", ""), *(one for one in named.items("aliases") if isinstance(one, str)))


def _affected(product: Any, status: Status) -> Affected | None:
    identity = product.get("@id") if isinstance(product, dict) else product
    purl = parse(identity) if isinstance(identity, str) else None
    if purl is None or (status == "fixed" and not purl.version):
        return None
    release = purl.type if purl.type in LANGUAGES else purl.release
    if release is None:
        return None
    name = purl.qualifiers.get("upstream", "").partition("@")[0] or language_name(release, purl.full_name)
    fixed = _source_version(purl) if status == "fixed" else ""
    arch = purl.qualifiers.get("arch", "") if purl.type == "rpm" else ""
    # What a statement says of one version it doesn't say of later ones.
    last = "" if status == "fixed" else _source_version(purl)
    return Affected(release, name, status, fixed=fixed, arch=arch, last=last)


def _source_version(purl: Purl) -> str:
    """The version of the source, which "upstream" ("openssl@3.0.1-1") tells where it is another one."""
    return purl.qualifiers.get("upstream", "").partition("@")[2] or purl.full_version
