# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan asks of package managers over rpm: the part that is the same for all of them."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import solver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import Offer, Sighting
from ansible_collections.patchops.fleet.plugins.module_utils.versions import rpm as versions

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_VERSION = re.compile(r"(?:[0-9]+:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+\Z")


class Solver(solver.Solver):
    """Finds packages among those of a name; heirs say which there are, and solve.

    `arch`: the host's own.
    """

    name = "dnf"
    trying = "dnf --assumeno upgrade"
    arch: str

    def known(self, name: str, arch: str = "") -> List[Package]:
        """Return the packages of a name: installed ones, then those that are offered and not excluded."""
        raise NotImplementedError

    def takes(self, packages: List[Package]) -> List[Package]:
        """Return those of the offered `packages` of one name that the package manager takes by itself."""
        return packages

    def is_name(self, text: str) -> bool:
        return bool(_NAME.match(text))

    def is_version(self, text: str) -> bool:
        return bool(_VERSION.match(text))

    def normal(self, version: str) -> str:
        return rpm_packages.without_zero_epoch(version)

    def is_older(self, version: str, other: str) -> bool:
        return versions.key(version) < versions.key(other)

    def named(self, asked: List[Tuple[str, str]]) -> List[Sighting]:
        return [self._named(name, version) for name, version in asked]

    def members(self, members: List[Dict[str, Any]]) -> List[Sighting]:
        return [self._member(one) for one in members]

    def offer_for(self, update: Dict[str, Any]) -> Optional[Offer]:
        fitting = [
            one
            for one in self.known(update["replaced_by"] or update["name"])
            if one.repository == update["suite"] and one.version == update["candidate"]
        ]
        fitting.sort(key=lambda one: one.arch != update["arch"])
        return _offer(fitting[0]) if fitting else None

    def closes(self, package: Package) -> bool:
        """Tell whether a security advisory is about exactly this version of a package."""
        raise NotImplementedError

    def closing(self, update: Dict[str, Any]) -> List[Offer]:
        if update["replaced_by"]:
            return []
        offered = [one for one in self.known(update["name"], update["arch"]) if one.repository is not None]
        newer = [
            one
            for one in self.takes(offered)
            if self.is_older(update["installed"], one.version)
            and not self.is_older(update["candidate"], one.version)
        ]
        return [_offer(one) for one in reversed(rpm_packages.by_version(newer)) if self.closes(one)]

    def _named(self, text: str, version: str) -> Sighting:
        """Return what ``name`` or ``name.arch`` stands for."""
        arch = ""
        known = self.known(text)
        if not known:
            stem, _dot, arch = text.rpartition(".")
            known = self.known(stem, arch) if stem else []
        if not known:
            return Sighting(None)
        known = rpm_packages.by_version(known)
        present = [one for one in known if one.repository is None]
        arches = {one.arch for one in present} | {"noarch"}
        if not present:
            arches = {arch} if arch else {self.arch, "noarch"}
        candidates = [one for one in known if one.arch in arches and version in ("", one.version)]
        if not version:
            taken = self.takes([one for one in candidates if one.repository is not None])
            candidates = [one for one in candidates if one.repository is None or one in taken]
        # Of one version the copy that a repository has, not the record of the installed one.
        best = [one for one in candidates if one.version == candidates[-1].version]
        best.sort(key=lambda one: one.repository is None)
        same = [one for one in present if best and one.arch == best[0].arch] or present
        return Sighting(known[0].name, tuple(one.version for one in same), _offer(best[0]) if best else None)

    def _member(self, member: Dict[str, Any]) -> Sighting:
        known = self.known(member["name"], member["arch"])
        present = rpm_packages.by_version(one for one in known if one.repository is None)
        offers = [one for one in known if one.repository is not None and one.version == member["version"]]
        return Sighting(
            member["name"],
            tuple(one.version for one in present),
            _offer(offers[0]) if offers else None,
        )


def _offer(package: Package) -> Offer:
    return Offer(package.name, package.arch, package.version, package)
