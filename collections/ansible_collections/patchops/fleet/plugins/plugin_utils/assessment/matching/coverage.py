# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether everything could be known about a host. Where it could not, what is not found is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.freshness import Freshness
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.support import support_status
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import CODES, reason


def gaps(
    document: Mapping[str, Any],
    release: str | None,
    feeds: Iterable[Source],
    now: datetime,
    freshness: Freshness,
) -> list[dict[str, str]]:
    """The reasons why something about a host can't be known; empty when everything can."""
    found = []
    if release is None:
        # What has language packages alone, like the SBOM of an application, is of no release.
        if document.get("packages") or not document.get("language_packages"):
            found.append(reason("release_unknown"))
    else:
        found += feed_gaps(release, list(feeds), now, freshness)
        status = support_status(document, release, now.date().isoformat())
        if status == "ended":
            found.append(reason("release_unsupported", release))
        elif status == "unknown":
            found.append(reason("release_support_unknown", release))
    return found + _host_gaps(document)


def feed_gaps(release: str, feeds: list[Source], now: datetime, freshness: Freshness) -> list[dict[str, str]]:
    """Why the feeds can't be relied on for a release or a language; empty when they can."""
    if not feeds:
        return [reason("feed_missing", release)]
    if any(freshness.holds(feed, now) for feed in feeds):
        return []
    return [not_current("", feeds)]


def not_current(what: str, feeds: Iterable[Source]) -> dict[str, str]:
    """Why none of these feeds is believed. what: they are for, "" where it is clear."""
    newest = max(feeds, key=lambda feed: (feed.as_of, feed.checked_at))
    name = f"{what}: {newest.name}" if what else newest.name
    if newest.unproven:
        remedy = "fetch it, or import it with --expect-records or --expect-sha256"
        return reason("feed_may_be_cut", f"{name}: {newest.unproven}; {remedy}")
    if not newest.as_of:
        return reason("feed_undated", f"{name}; fetch it again, or import it with --as-of DAY")
    return reason("feed_stale", f"{name} is of {newest.as_of}, last fetched {newest.checked_at}")


def dated_source(document: Mapping[str, Any]) -> dict[str, Any]:
    """Of when the host's security repositories are, and whether that is on purpose: {as_of, frozen}."""
    source = document.get("security_source") or {}
    return {"as_of": source.get("as_of"), "frozen": source.get("frozen")}


def _host_gaps(document: Mapping[str, Any]) -> list[dict[str, str]]:
    found = []
    source = document.get("security_source") or {}
    status = source.get("status") or "unreadable"
    if status != "ok":
        code = f"security_source_{status}"
        known = code if code in CODES else "security_source_unreadable"
        found.append(reason(known, source.get("reason") or ""))
    refresh = document.get("refresh")
    if refresh is None or refresh.get("ok") is False or refresh.get("errors"):
        messages = "; ".join(str(one.get("message")) for one in (refresh or {}).get("errors") or ())
        found.append(reason("refresh_failed", messages[:300]))
    found += [reason(one["code"], one["detail"]) for one in document.get("doubts") or ()]
    if document.get("packages") is None:
        found.append(reason("packages_unreadable"))
    if document.get("updates") is None:
        found.append(reason("updates_unreadable"))
    broken = document.get("broken")
    if broken is None or broken.get("interrupted") is not False or broken.get("packages") != []:
        found.append(reason("broken_packages", (broken or {}).get("reason") or ""))
    return found
