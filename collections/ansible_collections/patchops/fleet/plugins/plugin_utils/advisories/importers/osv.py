# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories in the OSV format (https://ossf.github.io/osv-schema/): one document each, in a file, a folder
or an archive.

Distributions and language ecosystems alike; withdrawn advisories are left out. Of an ecosystem that
products.py doesn't know, and of versions told as git commits alone, nobody knows whether they concern a host.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Severity,
    Unread,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
    type_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.osv_ranges import (
    Span,
    spans,
    versions_outside,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import (
    RELEASE_IN_NAME,
    families_of_unknown_ecosystem,
    of_osv,
    osv_name_arches,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import (
    any_release,
    language_name,
    release_key,
)

_NO_VERSIONS = "the affected versions are not told, or as git commits alone"
_ALIASES = ("aliases", "related", "upstream")


def read(feed: Feed) -> Iterator[Record]:
    """An advisory a document; a file may also hold a list of documents."""
    for name, data in feed.documents():
        content = feed.json(data, name)
        for entry in content if isinstance(content, list) else [content]:
            document = Checked(entry, feed.name, name)
            if not document.text("withdrawn", ""):
                unread: list[Unread] = []
                yield _advisory(document, unread)
                yield from unread


def _advisory(document: Checked, unread: list[Unread]) -> Advisory:
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
        affected=tuple(one for entry in document.objects("affected") for one in _affected(entry, unread)),
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


def _affected(entry: Checked, unread: list[Unread]) -> Iterator[Affected]:
    package = entry.object("package")
    ecosystem = package.text("ecosystem", "")
    products = of_osv(ecosystem)
    if not products:
        yield from _of_unknown(package, ecosystem, unread)
        return
    release = products[0][0]
    name = language_name(release, package.text("name"))
    ranges = [
        span
        for scope in entry.objects("ranges")
        if scope.text("type", "") in {"ECOSYSTEM", "SEMVER"}
        for span in spans(scope, release)
    ]
    ranges += versions_outside(entry, release, ranges)
    binaries = list(_binaries(entry))
    note = "" if ranges or binaries else _NO_VERSIONS
    if note:
        unread.append(Unread(f"{ecosystem}: {note}"))
        ranges = [Span("unknown")]
    for release, channel in products:
        for arch in osv_name_arches(ecosystem):
            for one in ranges:
                yield Affected(
                    release,
                    name,
                    one.status,
                    one.fixed,
                    arch=arch,
                    channel=channel,
                    note=note,
                    introduced=one.introduced,
                    last=one.last,
                )
        for binary, fixed in binaries:
            yield Affected(release, binary, "fixed", fixed, channel=channel)


def _of_unknown(package: Checked, ecosystem: str, unread: list[Unread]) -> Iterator[Affected]:
    """What is said of an ecosystem that stands for no known release, on all hosts that may be of it."""
    unread.append(Unread(ecosystem or "no ecosystem"))
    release = RELEASE_IN_NAME.search(ecosystem)
    for family in families_of_unknown_ecosystem(ecosystem):
        key = release_key(family, release[0]) if release else None
        for arch in osv_name_arches(ecosystem):
            note = f"of {ecosystem}, which is no release that is known here"
            yield Affected(key or any_release(family), package.text("name"), "unknown", arch=arch, note=note)


def _binaries(entry: Checked) -> Iterator[tuple[str, str]]:
    """SUSE's fixed binaries by name, which stand beside the source that the entry is of."""
    for versions in entry.object("ecosystem_specific").objects("binaries"):
        for name in versions.value:
            yield name, versions.text(name)
