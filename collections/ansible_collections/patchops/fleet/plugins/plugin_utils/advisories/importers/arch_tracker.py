# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arch Linux's security tracker (https://security.archlinux.org/all.json): groups of vulnerabilities.

A group has one version that was affected when it was made and, once there is one, the version that fixed it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Status,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import (
    Checked,
    cves_in,
    severity,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import Feed

_RELEASE = "arch:rolling"
# Without a fixed version. A status that is new to us leaves the packages unknown, as "Unknown" does.
_STATUSES: dict[str, Status] = {
    "Vulnerable": "affected",
    "Testing": "affected",
    "Not affected": "not_affected",
}


def read(feed: Feed) -> Iterator[Record]:
    """A record for each group, called as its advisory where it has one, else as the group (AVG-1)."""
    groups = feed.document()
    if not isinstance(groups, list):
        raise FeedError(feed.name, "", "expected a list of groups; this is no all.json of Arch's tracker")
    for number, entry in enumerate(groups):
        yield _advisory(Checked(entry, feed.name, f"[{number}]"))


def _advisory(group: Checked) -> Advisory:
    name = group.text("name")
    status, fixed = group.text("status"), group.text("fixed", "")
    if status == "Fixed" and not fixed:
        raise FeedError(group.file, f"{group.place}.fixed", f"{name} is fixed, but says no version")
    packages = [package for package in group.items("packages") if isinstance(package, str) and package]
    if not packages or len(packages) != len(group.items("packages")):
        raise group.error("packages", "names of packages", group.value.get("packages"))
    kept = "" if status == "Not affected" else fixed
    what: Status = "fixed" if kept else _STATUSES.get(status, "under_investigation")
    advisories = [one for one in group.items("advisories") if isinstance(one, str)]
    return Advisory(
        name=advisories[0] if len(advisories) == 1 else name,
        title=f"{', '.join(packages)}: {group.short('type')}"[:1000],
        severity=severity(group.text("severity", "")),
        url=f"https://security.archlinux.org/{name}",
        cves=cves_in(*(one for one in group.items("issues") if isinstance(one, str))),
        affected=tuple(
            Affected(_RELEASE, package, what, fixed=kept, note="" if what == "fixed" else status)
            for package in packages
        ),
    )
