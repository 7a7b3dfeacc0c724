# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories in the OSV format (https://ossf.github.io/osv-schema/): one document each, in a file, a folder
or an archive.

Distributions and language ecosystems alike. Ecosystems that releases.py does not know are left out, withdrawn
advisories too.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
    type_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.records import (
    Advisory,
    Affected,
    Record,
    Severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    from_osv,
    language_name,
)

_ALIASES = ("aliases", "related", "upstream")


def read(feed: Feed) -> Iterator[Record]:
    """An advisory a document; a file may also hold a list of documents."""
    for name, data in feed.documents():
        content = feed.json(data, name)
        for entry in content if isinstance(content, list) else [content]:
            document = Checked(entry, feed.name, name)
            if not document.text("withdrawn", ""):
                yield _advisory(document)


def _advisory(document: Checked) -> Advisory:
    name = document.text("id")
    aliases = [one for key in _ALIASES for one in document.items(key) if isinstance(one, str)]
    return Advisory(
        name=name,
        type=type_of(name),
        title=document.short("summary") or document.short("details")[:120],
        severity=_severity(document),
        issued=document.date("published"),
        updated=document.date("modified"),
        url=f"https://osv.dev/vulnerability/{name}",
        cves=cves_in(name, *aliases),
        affected=tuple(one for entry in document.objects("affected") for one in _affected(entry)),
    )


def _severity(document: Checked) -> Severity:
    """From the ecosystem's own word where it gives one, else from the summary ("Important: grafana security
    update")."""
    said = document.object("database_specific").value.get("severity")
    words = [said if isinstance(said, str) else "", document.short("summary").partition(":")[0]]
    words += [
        one.text("score", "") for one in document.objects("severity") if one.text("type", "") == "Ubuntu"
    ]
    return next((found for word in words if (found := severity(word)) != "unknown"), "unknown")


def _affected(entry: Checked) -> Iterator[Affected]:
    package = entry.object("package")
    ecosystem = from_osv(package.text("ecosystem", ""))
    if ecosystem is None:
        return
    release, channel = ecosystem
    name = language_name(release, package.text("name"))
    for scope in entry.objects("ranges"):
        if scope.text("type", "") in {"ECOSYSTEM", "SEMVER"}:
            yield from _events(scope, release, name, channel)


def _events(scope: Checked, release: str, name: str, channel: str) -> Iterator[Affected]:
    """Each pair of "introduced" and "fixed"; what is introduced and not fixed is affected in every later
    version."""
    introduced: str | None = None
    for event in scope.objects("events"):
        if "introduced" in event.value:
            introduced = event.text("introduced").removeprefix("0") and event.text("introduced")
        elif "fixed" in event.value:
            if introduced is None:
                raise FeedError(event.file, event.place, "a fix before anything was introduced")
            fixed = event.text("fixed")
            yield Affected(release, name, "fixed", fixed, channel=channel, introduced=introduced)
            introduced = None
        elif "last_affected" in event.value:
            last = event.text("last_affected")
            yield Affected(release, name, "affected", channel=channel, introduced=introduced or "", last=last)
            introduced = None
    if introduced is not None:
        yield Affected(release, name, "affected", channel=channel, introduced=introduced)
