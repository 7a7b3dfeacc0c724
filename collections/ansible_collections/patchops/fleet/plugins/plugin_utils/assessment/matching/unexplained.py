# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each pending security update is explained: by an advisory, by having none, or by a feed that is older than
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.findings import (
    unexplained_update,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import Offers
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason


def explain(
    host: str | None,
    document: Mapping[str, Any],
    offers: Offers,
    findings: Sequence[Mapping[str, Any]],
    feeds: Sequence[Source],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One row for each pending security update, and the findings of those that no advisory names.

    by: advisory, no_advisory or newer_than_feed. An update is newer than the feed where its repository's
    index is.
    """
    named: dict[tuple[str, Any], list[str]] = {}
    for finding in findings:
        if finding["state"] == "missing":
            for one in finding["binaries"]:
                named.setdefault((one["name"], one["arch"]), []).append(str(finding["advisory"]))
    feed_date = max((feed.as_of[:10] for feed in feeds), default="")
    dates = {
        repository.get("suite"): str(repository.get("date") or "")[:10]
        for repository in document.get("repositories") or ()
    }
    rows: list[dict[str, Any]] = []
    silent: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for update in offers.security():
        advisories = sorted(named.get((update["name"], update.get("arch")), ()))
        newer = dates.get(update.get("suite"), "") > feed_date
        by = "advisory" if advisories else "newer_than_feed" if newer else "no_advisory"
        rows.append(
            {
                "package": update["name"],
                "arch": update.get("arch"),
                "candidate": update["candidate"],
                "by": by,
                "advisories": advisories,
            }
        )
        if not advisories:
            silent.setdefault((update.get("source") or update["name"], by), []).append(update)
    rows.sort(key=lambda row: (row["package"], row["arch"] or ""))
    return rows, [
        unexplained_update(host, package, updates, [_why(by, feed_date)])
        for (package, by), updates in silent.items()
    ]


def _why(by: str, feed_date: str) -> dict[str, str]:
    if by == "newer_than_feed":
        return reason("newer_than_feed", f"the feed is of {feed_date or 'no date'}")
    return reason("update_without_advisory")
