# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's security tracker as JSON (its /tracker/data/json): source package -> CVE -> releases.

Each pair of source and CVE becomes a record named by the CVE, with what every release says: resolved with a
version, open, or open and put off ("nodsa" with its reason: postponed, ignored, or no DSA).
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
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.debian import (
    debian_affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.json_stream import members
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

# Debian's urgencies that mean: nobody will prepare an update for this.
_NO_UPDATE = {"unimportant", "end-of-life"}
_WORST_FIRST: tuple[Severity, ...] = ("critical", "high", "medium", "low", "none")


def read(feed: Feed) -> Iterator[Record]:
    """One record for each source package and CVE (also the tracker's temporary names, TEMP-...)."""
    for package, entries in members(feed):
        for name, entry in Checked(entries, feed.name, package).value.items():
            place = f"{package}.{name}"
            if not (package and name):
                raise FeedError(feed.name, place, "a source package or a CVE without a name")
            yield _advisory(package, name, Checked(entry, feed.name, place))


def _advisory(package: str, name: str, entry: Checked) -> Advisory:
    # An entry without releases has an empty list where others have an object.
    releases = entry.object("releases").value if entry.value.get("releases") else {}
    affected, severities = [], set()
    for suite, said in releases.items():
        row = Checked(said, entry.file, f"{entry.place}.releases.{suite}")
        affected.append(_affected(package, suite, row))
        severities.add(severity(row.text("urgency", "")))
    return Advisory(
        name=name,
        title=f"{package}: {entry.short('description')[:200]}",
        severity=next((one for one in _WORST_FIRST if one in severities), "unknown"),
        url=f"https://security-tracker.debian.org/tracker/{name}",
        cves=cves_in(name),
        affected=tuple(affected),
    )


def _affected(package: str, suite: str, row: Checked) -> Affected:
    status = row.text("status")
    if status == "resolved":
        return debian_affected(suite, package, row.text("fixed_version"))
    if status == "open":
        return _open(package, suite, row)
    if status == "undetermined":
        return debian_affected(suite, package, "<undetermined>")
    raise FeedError(
        row.file, f"{row.place}.status", f"expected resolved, open or undetermined, found {status!r}"
    )


def _open(package: str, suite: str, row: Checked) -> Affected:
    release = f"debian:{suite}"
    urgency = row.text("urgency", "").strip("*")
    if "nodsa" in row.value:
        reason = row.text("nodsa_reason", "") or "no-dsa"
        return Affected(release, package, "deferred", note=f"{reason}: {row.short('nodsa')}")
    if urgency in _NO_UPDATE:
        return Affected(release, package, "deferred", note=urgency)
    return Affected(release, package, "affected")
