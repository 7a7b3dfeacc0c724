# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vulnerability scanner says of the fleet beside what we say, with our reason for each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.database import AdvisoryDatabase
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.errors import FeedError
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.fleet import (
    MALFORMED,
    HostInput,
    unusable,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching import Matcher
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.reasons import reason
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners import read_scan, shortfall
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.join import join, of_host
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.scanners.record import ScannerFinding
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import HostKey, labels
from patchops.assessment.assess import usable_input
from patchops.errors import InputError

AGREEMENTS: Final = ("both", "scanner_only", "ours_only")


def read_scans(scans: Iterable[tuple[str, Path]]) -> list[ScannerFinding]:
    """The findings of scanners' exports, given as (scanner, file). Raises InputError with file and place."""
    try:
        return [one for scanner, path in scans for one in read_scan(scanner, path)]
    except FeedError as error:
        raise InputError(f"{error}.", "Name an export of that scanner.") from None


def shortfalls(scans: Iterable[tuple[str, Path]]) -> list[str]:
    """Each export that has only a part of what its scanner found, with the parts that are told."""
    told = ((path, shortfall(scanner, path)) for scanner, path in scans)
    return [f"{path} {why}" for path, why in told if why]


def comparison(
    hosts: Iterable[HostInput],
    database: Path,
    found: Sequence[ScannerFinding],
    now: datetime,
    same_host: bool = False,
) -> dict[str, Any]:
    """The patchops.comparison document: {totals by agreement, rows, not_in_scan, not_ours}.

    rows: those of `scanners.join`, each with its host. not_in_scan: our hosts of which the scan says nothing,
    so that nothing of them is compared. not_ours: the scan's hosts that are none of ours, by their names.
    same_host: the one host given is what was scanned, whatever the scanner calls it.
    """
    rows: list[dict[str, Any]] = []
    not_in_scan: list[HostKey] = []
    compared: list[HostKey] = []
    met: set[tuple[str, ...]] = set()
    with usable_input(), AdvisoryDatabase.open(database) as opened:
        matcher = Matcher(opened, now=now)
        for host in hosts:
            theirs = found if same_host else of_host(found, host.facts.name, host.facts.address)
            if not theirs and not same_host:
                not_in_scan.append(host.facts.key)
                continue
            met.update(one.hosts for one in theirs)
            compared.append(host.facts.key)
            rows += ({"host": host.facts.key, **row} for row in _rows(matcher, host, theirs))
    names = labels([*compared, *not_in_scan])
    totals = Counter(row["agreement"] for row in rows)
    strangers = Counter(one.hosts for one in found if one.hosts not in met)
    return {
        "kind": "patchops.comparison",
        "schema": 1,
        "engine_version": ENGINE_VERSION,
        "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "totals": {agreement: totals[agreement] for agreement in AGREEMENTS},
        "rows": [{**row, "host": names[row["host"]]} for row in rows],
        "not_in_scan": [names[host] for host in not_in_scan],
        "not_ours": [{"names": list(names), "findings": strangers[names]} for names in sorted(strangers)],
    }


def _rows(matcher: Matcher, host: HostInput, found: Sequence[ScannerFinding]) -> list[dict[str, Any]]:
    if host.document is None:
        return _unknown(host.facts.name, found, host.why_missing)
    try:
        return join(matcher, host.document, found)
    except MALFORMED as error:
        return _unknown(host.facts.name, found, unusable(error))


def _unknown(name: str, found: Sequence[ScannerFinding], why: str) -> list[dict[str, Any]]:
    """The scanner's findings on a host that we know nothing of."""
    by_cve: dict[str, list[ScannerFinding]] = {}
    for one in found:
        if not one.resolved:
            by_cve.setdefault(one.cve, []).append(one)
    return [
        {
            "cve": cve,
            "agreement": "scanner_only",
            "scanners": sorted({one.scanner for one in seen}),
            "packages": sorted({one.package for one in seen} - {""}),
            "state": "unknown",
            "effective": None,
            "reasons": [reason("not_scanned", f"{name}: {why}; scan it")],
        }
        for cve, seen in sorted(by_cve.items())
    ]


def only(document: Mapping[str, Any], agreements: Sequence[str]) -> dict[str, Any]:
    """The document with the rows of these agreements alone; all of them where none is named."""
    kept = [row for row in document["rows"] if not agreements or row["agreement"] in agreements]
    return {**document, "rows": kept}
