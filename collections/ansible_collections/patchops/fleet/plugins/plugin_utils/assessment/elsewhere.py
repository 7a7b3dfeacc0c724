# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that no feed judges, and those of them that somebody judges elsewhere by the policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.policy.elsewhere import Elsewhere
from ansible_collections.patchops.fleet.plugins.plugin_utils.waivers.apply import Notice

_SOON: Final = timedelta(days=14)
_NO_FEED: Final = "feed_missing"


def accept_uncovered(
    document: dict[str, Any], names: Sequence[str], entries: Sequence[Elsewhere], today: date
) -> set[str]:
    """Mark what of a host's findings document is judged elsewhere; the ids of the entries that were used.

    Each row of ``coverage.uncovered`` gets ``accepted``: an id or None. A repository without a feed is no gap
    any more once all its packages are accepted.
    """
    coverage = document["coverage"]
    active = [one for one in entries if today <= one.until]
    rows = [{**row, "accepted": _accepted(row, names, active)} for row in coverage["uncovered"]]
    open_origins = {row["origin"] for row in rows if row["accepted"] is None}
    lifted = [
        gap
        for gap in coverage["reasons"]
        if gap.get("code") == _NO_FEED and gap.get("origin") and gap["origin"] not in open_origins
    ]
    if lifted:
        reasons = [gap for gap in coverage["reasons"] if gap not in lifted]
        coverage = {**coverage, "reasons": reasons, "complete": not reasons}
        document["findings"] = [
            kept for finding in document["findings"] if (kept := _without(finding, lifted)) is not None
        ]
    accepted = sum(1 for row in rows if row["accepted"] is not None)
    document["coverage"] = {**coverage, "uncovered": rows, "accepted": accepted}
    return {row["accepted"] for row in rows if row["accepted"] is not None}


def uncovered_by_origin(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What no feed judges over a fleet, once an origin: {origin, packages, hosts, accepted}.

    accepted: how many of its packages on hosts are judged elsewhere, of ``rows`` in total.
    """
    hosts, rows, accepted = Counter[str](), Counter[str](), Counter[str]()
    packages: dict[str, set[str]] = {}
    for document in documents:
        uncovered = document["coverage"]["uncovered"]
        hosts.update({row["origin"] for row in uncovered})
        for row in uncovered:
            rows[row["origin"]] += 1
            accepted[row["origin"]] += row.get("accepted") is not None
            packages.setdefault(row["origin"], set()).add(row["package"])
    return [
        {
            "origin": origin,
            "packages": sorted(packages[origin]),
            "hosts": hosts[origin],
            "rows": rows[origin],
            "accepted": accepted[origin],
        }
        for origin in sorted(packages)
    ]


def elsewhere_notices(entries: Sequence[Elsewhere], used: set[str], today: date) -> list[Notice]:
    """Entries that have expired, expire soon or cover nothing."""
    found = []
    for one in sorted(entries, key=lambda entry: entry.id):
        until = one.until.isoformat()
        if today > one.until:
            found.append(Notice("expired", (one.id,), f"{one.id} (judged elsewhere) expired on {until}"))
            continue
        if one.until - today <= _SOON:
            found.append(Notice("expires_soon", (one.id,), f"{one.id} (judged elsewhere) expires on {until}"))
        if one.id not in used:
            text = f"{one.id} (judged elsewhere) covers no package of these hosts"
            found.append(Notice("unused", (one.id,), text))
    return found


def _accepted(row: Mapping[str, Any], names: Sequence[str], active: Sequence[Elsewhere]) -> str | None:
    return next((one.id for one in active if one.covers(row["package"], row["origin"], names)), None)


def _without(finding: dict[str, Any], gaps: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The finding without these reasons; None for the row of a host that has no other reason."""
    if finding["package"] is not None:
        return finding
    reasons = [one for one in finding["reasons"] if one not in gaps]
    return {**finding, "reasons": reasons} if reasons else None
