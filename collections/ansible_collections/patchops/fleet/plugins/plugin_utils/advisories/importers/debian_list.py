# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's DSA/list and DLA/list in the security tracker's own format.

[12 Feb 2025] DSA-5865-1 webkit2gtk - security update
    {CVE-2025-24143 CVE-2025-24150}
    [bookworm] - webkit2gtk 2.46.6-1~deb12u1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import (
    Advisory,
    Affected,
    Record,
    Unproven,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.checks import cves_in
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.importers.debian import (
    debian_affected,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.reading import CUT, Feed

_HEADER = re.compile(r"\[(?P<date>\d+ \w{3} \d{4})\]\s+(?P<name>D[SL]A-\d+(?:-\d+)?)\s*(?P<title>.*)")
# The list runs from the newest advisory back to the first one.
_FIRST = re.compile(r"DSA-0*(?:\d{1,2}|1[0-2]\d|13[0-5])(?:-\d+)?|DLA-0*1(?:-1)?")
_CVES = re.compile(r"\s+\{(?P<cves>[^}]*)\}\s*")
_FIXED = re.compile(r"\s+\[(?P<suite>[a-z]+)\] - (?P<package>\S+)\s+(?P<version>\S+).*")
_REMARK = re.compile(r"\s*(NOTE:|TODO:|STOP|\#|$)|\s+\[[a-z]+\] - |\s+- ")


def read(feed: Feed) -> Iterator[Record]:
    """An advisory for each entry; entries that only announce something fix nothing and are left out."""
    advisory: Advisory | None = None
    fixes: list[Affected] = []
    last = ""
    for number, line in feed.lines(ended=True):
        if header := _HEADER.fullmatch(line):
            if advisory and fixes:
                yield replace(advisory, affected=tuple(fixes))
            advisory, fixes = _start(feed, number, header), []
        elif advisory is None:
            if line.strip():
                raise FeedError(
                    feed.name, f"line {number}", f"expected the start of an advisory, found {line[:80]!r}"
                )
        elif cves := _CVES.fullmatch(line):
            advisory = replace(advisory, cves=cves_in(cves["cves"]))
        elif fixed := _FIXED.fullmatch(line):
            fixes.append(debian_affected(fixed["suite"], fixed["package"], fixed["version"]))
        elif not _REMARK.match(line):
            raise FeedError(feed.name, f"line {number}", f"not in the tracker's list format: {line[:80]!r}")
        last = line.strip() or last
    if _CVES.fullmatch(f" {last}"):
        raise FeedError(feed.name, "its end", f"the last advisory names no fix: {CUT}")
    if advisory and fixes:
        yield replace(advisory, affected=tuple(fixes))
    if not (advisory and _FIRST.fullmatch(advisory.name)) and not feed.has_end:
        yield Unproven("it doesn't end with the list's first advisory (DSA-135, DLA-1)")


def _start(feed: Feed, number: int, header: re.Match[str]) -> Advisory:
    try:
        issued = datetime.strptime(header["date"], "%d %b %Y").date().isoformat()
    except ValueError as error:
        raise FeedError(feed.name, f"line {number}", f"not a date: {header['date']!r}") from error
    return Advisory(
        name=header["name"],
        title=" ".join(header["title"].split()),
        issued=issued,
        updated=issued,
        url=f"https://security-tracker.debian.org/tracker/{header['name']}",
    )
