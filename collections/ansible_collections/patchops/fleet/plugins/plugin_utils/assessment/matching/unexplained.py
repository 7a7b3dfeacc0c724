# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each pending security update is explained: by an advisory, by having none, or by the age of the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.findings import (
    Prototypes,
    pending_update,
    without_advisory,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.offers import Offers
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason


def explain(
    host: str | None,
    document: Mapping[str, Any],
    offers: Offers,
    findings: Sequence[Mapping[str, Any]],
    feeds: Sequence[Source],
    prototypes: Prototypes,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One row for each pending security update, and the findings that the feeds did not give.

    by: advisory, no_advisory or newer_than_feed. Those advisories count too that the host's own repositories
    carry. An update is newer than the feed where its repository's index is.
    """
    named = _named(findings)
    feed_date = max((feed.as_of[:10] for feed in feeds), default="")
    dates = {
        repository.get("suite"): str(repository.get("date") or "")[:10]
        for repository in document.get("repositories") or ()
    }
    rows: list[dict[str, Any]] = []
    silent: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    reported: dict[tuple[str, str], tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = {}
    for update in offers.security():
        known = set(named.get((update["name"], update.get("arch")), ()))
        told = [one for one in update.get("advisories") or () if one.get("type") == "security"]
        advisories = sorted(known | {one["id"] for one in told})
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
        for one in told:
            if one["id"] not in known:
                reported.setdefault((one["id"], update["name"]), (one, []))[1].append(update)
        if not advisories:
            silent.setdefault((update.get("source") or update["name"], by), []).append(update)
    rows.sort(key=lambda row: (row["package"], row["arch"] or ""))
    more = [
        pending_update(host, prototypes.of_reported(name, one, updates[0]), updates, [_offered(updates[0])])
        for (_source, name), (one, updates) in reported.items()
    ]
    return rows, more + [
        pending_update(host, without_advisory(package, updates[0]), updates, [_why(by, feed_date)])
        for (package, by), updates in silent.items()
    ]


def _named(findings: Sequence[Mapping[str, Any]]) -> dict[tuple[str, Any], list[str]]:
    """Advisories whose fix is missing, by the binaries that miss it."""
    named: dict[tuple[str, Any], list[str]] = {}
    for finding in findings:
        if finding["state"] == "missing":
            for one in finding["binaries"]:
                named.setdefault((one["name"], one["arch"]), []).append(str(finding["advisory"]))
    return named


def _offered(update: Mapping[str, Any]) -> dict[str, str]:
    return reason("older_than_fix", f"{update.get('installed')}, {update['candidate']} is offered")


def _why(by: str, feed_date: str) -> dict[str, str]:
    if by == "newer_than_feed":
        return reason("newer_than_feed", f"the feed is of {feed_date or 'no date'}")
    return reason("update_without_advisory")
