# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories in the OSV format (https://ossf.github.io/osv-schema/): one document each, in a file, a folder
or an archive.

Distributions and language ecosystems alike. Ecosystems that products.py does not know are left out, withdrawn
advisories too.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
    type_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.osv_ranges import (
    spans,
    versions_outside,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.products import (
    of_osv,
    osv_name_arches,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import language_name

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
    ecosystem = package.text("ecosystem", "")
    products = of_osv(ecosystem)
    if not products:
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
                    introduced=one.introduced,
                    last=one.last,
                )
        for binary, fixed in _binaries(entry):
            yield Affected(release, binary, "fixed", fixed, channel=channel)


def _binaries(entry: Checked) -> Iterator[tuple[str, str]]:
    """SUSE's fixed binaries by name, which stand beside the source that the entry is of."""
    for versions in entry.object("ecosystem_specific").objects("binaries"):
        for name in versions.value:
            yield name, versions.text(name)
