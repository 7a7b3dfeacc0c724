# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From host documents and findings to the updates that a baseline decides about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.due_ledger import (
    Memory,
    PackageKey,
    Sighting,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.vulnerabilities import known_severity
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.model import Update
from ansible_collections.patchops.fleet.plugins.plugin_utils.baseline.sightings import record, waiting_since
from ansible_collections.patchops.fleet.plugins.plugin_utils.urgency.facts import SEVERITIES
from ansible_collections.patchops.fleet.plugins.plugin_utils.versions import key_function

SCHEMES: Final[Mapping[str, str]] = {
    "apt": "deb",
    "dnf": "rpm",
    "dnf5": "rpm",
    "yum": "rpm",
    "zypper": "rpm",
    "apk": "apk",
    "pacman": "pacman",
}
"""The order of versions of each package manager."""

UpdateKey = tuple[str, str, str, str]
"""platform, name, arch, version"""


@dataclass
class _Offer:
    """One offered version, gathered over the hosts of its platform."""

    raw: Mapping[str, Any]
    scheme: str
    oldest_installed: str
    classification: str = "unknown"
    severity: str | None = None
    exploited: bool = False
    told: Counter[tuple[str, Any]] = field(default_factory=Counter)
    """How many hosts tell which bytes: (sha256, size)."""

    def most_told(self) -> tuple[str | None, Any]:
        """Return the sha256 and size that more hosts tell than any other, (None, None) where none leads.

        All hosts of a platform that read the same signed index tell the same: one that lies is outvoted, and
        where as many tell another, nobody can know.
        """
        first, second = [*self.told.most_common(2), (("", None), 0), (("", None), 0)][:2]
        return first[0] if first[1] > second[1] else (None, None)


class PendingUpdates:
    """Collects the offers of many hosts; updates() then gives each one once."""

    def __init__(self) -> None:
        self._offers: dict[UpdateKey, _Offer] = {}

    def add(
        self, host: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """Take the pending updates of one host document, with what its findings say about them; return them.

        Raises KeyError, TypeError, ValueError or AttributeError for a malformed document, taking nothing.
        """
        platform = platform_of(host)
        scheme = SCHEMES.get(str((host.get("package_manager") or {}).get("name")))
        updates = host.get("updates")
        if platform is None or scheme is None or not updates:
            return []
        by_package = _by_package(findings)
        order = key_function(scheme)
        # Read as a whole before anything is taken over: a malformed document must not leave a half.
        keys = [(platform, str(raw["name"]), str(raw["arch"]), str(raw["candidate"])) for raw in updates]
        newer = [order(raw["installed"]) < order(raw["candidate"]) for raw in updates]
        taken = [(key, raw) for key, raw, is_newer in zip(keys, updates, newer, strict=True) if is_newer]
        for key, raw in taken:
            offer = self._offers.setdefault(key, _Offer(raw, scheme, raw["installed"]))
            if isinstance(raw.get("sha256"), str):
                offer.told[raw["sha256"], raw.get("size")] += 1
            offer.oldest_installed = min(offer.oldest_installed, raw["installed"], key=order)
            if raw.get("security"):
                offer.classification = "security"
            for finding in [*by_package.get(key[1], ()), *by_package.get(str(raw.get("source")), ())]:
                _learn(offer, finding)
        return [raw for _key, raw in taken]

    def updates(self, ledger: Memory | None, today: date) -> tuple[list[Update], list[Sighting]]:
        """The updates, and the sightings to keep. Without a ledger every version is new today."""
        found, sightings = [], []
        for key, offer in sorted(self._offers.items()):
            package: PackageKey = key[:3]
            version = key[3]
            sha256, size = offer.most_told()
            seen = record(ledger.sightings(package) if ledger else {}, version, today)
            sightings.append(Sighting(package, version, seen[version]))
            found.append(
                Update(
                    platform=key[0],
                    name=key[1],
                    arch=key[2],
                    version=version,
                    source=str(offer.raw.get("source") or key[1]),
                    origin=str(offer.raw.get("origin") or ""),
                    suite=str(offer.raw.get("suite") or ""),
                    classification=offer.classification,
                    severity=offer.severity,
                    exploited=offer.exploited,
                    first_seen=seen[version],
                    waiting_since=waiting_since(
                        seen, offer.oldest_installed, version, key_function(offer.scheme)
                    ),
                    sha256=sha256,
                    size=size,
                )
            )
        return found, sightings

    def newer(self, one: Update, other: Update) -> bool:
        """Whether ``one`` has the higher version, in the order of its package manager."""
        order = key_function(self._offers[one.key].scheme)
        return bool(order(one.version) > order(other.version))


def platform_of(host: Mapping[str, Any]) -> str | None:
    """``<os.id>-<version_id>-<arch>``, or None where the host document doesn't say."""
    system = host.get("os") or {}
    parts = [system.get(part) for part in ("id", "version_id", "arch")]
    return "-".join(map(str, parts)) if all(parts) else None


def _by_package(findings: Iterable[Mapping[str, Any]]) -> dict[str | None, Sequence[Mapping[str, Any]]]:
    """Open findings under their package and their binaries. A finding is found once under each name."""
    found: dict[str | None, list[Mapping[str, Any]]] = {}
    for finding in findings:
        if finding["state"] == "missing":
            for name in {finding["package"], *(binary["name"] for binary in finding.get("binaries") or [])}:
                found.setdefault(name, []).append(finding)
    return dict(found)


def _learn(offer: _Offer, finding: Mapping[str, Any]) -> None:
    kind = finding.get("type", "unknown")
    if offer.classification != "security" and kind != "unknown":
        offer.classification = kind
    severity = known_severity(finding.get("severity"))
    if severity is not None and (
        offer.severity is None or SEVERITIES.index(severity) > SEVERITIES.index(offer.severity)
    ):
        offer.severity = severity
    offer.exploited = offer.exploited or finding.get("kev") is not None
