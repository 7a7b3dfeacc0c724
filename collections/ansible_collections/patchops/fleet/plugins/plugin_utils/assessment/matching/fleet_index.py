# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has which package: so that a new advisory touches only the hosts that it can concern."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Advisory, Rule
from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.releases import scheme_of
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.names import (
    is_foreign,
    other_names,
    source_of,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.placing import (
    Identities,
    Packages,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.assessment.matching.rules import ReleaseRules

# What rules are judged by: version as the feed counts, architecture or kind of name, module stream.
_Variant = tuple[str, str, str | None]


class FleetIndex:
    """The packages of many hosts, by release and name; about four bytes a package and host."""

    def __init__(self) -> None:
        self._hosts: list[str] = []
        self._holders: dict[tuple[str, str], dict[_Variant, array[int]]] = {}
        # The holders of a package by its identity, so that names are made out once and not on every host.
        self._known: dict[str, dict[tuple[Any, ...], list[array[int]]]] = {}
        self._identities: dict[str, Identities] = {}

    def add(self, host: str, release: str, packages: Packages) -> None:
        """Take the packages of one host. Those of other publishers are left out, as in matching."""
        number = len(self._hosts)
        self._hosts.append(host)
        identities = self._identities.setdefault(release, Identities(scheme_of(release) or ""))
        known = self._known.setdefault(release, {})
        for identity, package in zip(identities.of(packages), packages, strict=True):
            found = known.get(identity)
            if found is None:
                found = known[identity] = self._find(release, package)
            for holders in found:
                if not holders or holders[-1] != number:
                    holders.append(number)

    def _find(self, release: str, package: Mapping[str, Any]) -> list[array[int]]:
        """The holders of this package by each name that feeds can have for it; none for another
        publisher's."""
        family, scheme = release.partition(":")[0], scheme_of(release)
        if is_foreign(family, package):
            return []
        module = package.get("module")
        if scheme in ("deb", "apk"):
            name, version = source_of(family, package)
            names = [(name, (version, "", module))]
        else:
            arch = (package.get("arch") or "") if scheme == "rpm" else ""
            names = [(package["name"], (package["version"], arch, module))]
            if scheme == "rpm":
                names += [(name, (version, kind, module)) for name, version, kind in other_names(package)]
        return [
            self._holders.setdefault((release, name), {}).setdefault(variant, array("I"))
            for name, variant in names
        ]

    def hosts_with(self, release: str, package: str) -> list[str]:
        """The hosts that have any version of a package, as feeds name it."""
        variants = self._holders.get((release, package), {}).values()
        return [self._hosts[number] for number in sorted({number for one in variants for number in one})]

    def concerned_by(self, advisory: Advisory, rules: Mapping[str, ReleaseRules]) -> dict[str, list[str]]:
        """Hosts by what an advisory means for them: missing, installed, no_fix or unknown; hosts without the
        package are in none. rules: of each release, for its version order.
        """
        found: dict[str, set[int]] = {}
        for affected in advisory.affected:
            order = rules.get(affected.release)
            if order is None:
                continue
            rule = Rule(affected, advisory)
            for variant, holders in self._holders.get((affected.release, affected.package), {}).items():
                state = order.state(rule, *variant)
                if state is not None:
                    found.setdefault(state, set()).update(holders)
        return {
            state: [self._hosts[number] for number in sorted(numbers)] for state, numbers in found.items()
        }
