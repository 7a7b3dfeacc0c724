# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emergency lane: a cycle that installs only what fixes some CVEs, sooner and through freezes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, key_of
from patchops.policy.model import Cycle, Install
from patchops.policy.placement import Placement, Standing

NOT_ASSESSED: Final = "it is not in the latest assessment: nobody knows"


@dataclass(frozen=True)
class Reach:
    """What an emergency fixes: numbers of hosts.

    `not_fixed` counts by reason the hosts on which a CVE stays, or on which nobody knows.
    """

    fixed: int
    not_fixed: Mapping[str, int]


def emergency(cycle: Cycle, cves: Sequence[str], soak: timedelta | None) -> Cycle:
    """Return a cycle that installs only what fixes `cves` (all it installs, where none are named).

    :param soak: the longest that a ring soaks; None leaves the soaks
    """
    rings = cycle.rings
    if soak is not None:
        rings = tuple(
            replace(ring, soak=min(ring.soak, soak), batch_soak=min(ring.batch_soak, soak)) for ring in rings
        )
    install = Install("cves", tuple(cves)) if cves else cycle.install
    return replace(cycle, rings=rings, install=install)


def reach(
    cves: Sequence[str],
    placement: Placement,
    findings: Iterable[Mapping[str, Any]],
    assessed: Collection[HostKey],
) -> Reach:
    """Return how many hosts of a cycle an emergency fixes, and why not the others that need it.

    :param findings: rows of a findings document
    :param assessed: the hosts of that document; those without a row for these CVEs don't need it
    """
    wanted = set(cves)
    standing = {host.key: host for host in placement.hosts}
    reasons: dict[HostKey, list[str]] = {}
    for row in findings:
        key = key_of(row)
        if key in standing and wanted & set(row["cves"]):
            reasons.setdefault(key, []).append(_stays(row))
    not_assessed = sum(host.key not in assessed for host in placement.hosts)
    not_fixed: Counter[str] = Counter({NOT_ASSESSED: not_assessed} if not_assessed else {})
    fixed = 0
    for key, found in reasons.items():
        host = standing[key]
        if host.ring is None or host.standing in {Standing.EXCLUDED, Standing.REFUSED}:
            not_fixed[host.reason or "it is in no ring"] += 1
        elif any(found):
            not_fixed[next(filter(None, found))] += 1
        elif host.standing is Standing.STRAGGLER:
            not_fixed["it was not reachable at the last scan; it is tried when it is seen"] += 1
        else:
            fixed += 1
    return Reach(fixed, dict(not_fixed.most_common()))


def _stays(row: Mapping[str, Any]) -> str:
    """Return why an update does not close a finding, "" when one does or it is closed already."""
    if row["state"] in {"missing", "failed"}:
        return "" if row["candidate"] else "its repositories do not offer the fix"
    if row["state"] == "installed":
        return "" if row.get("effective") == "yes" else "the fix is installed and not in effect: restart it"
    return {
        "no_fix": "there is no fix yet",
        "unknown": "nobody knows whether it is affected",
        "rejected": "the baseline rejects the update",
        "waived": "it is waived",
        "mitigated": "it is mitigated",
    }.get(row["state"], str(row["state"]))
