# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let zypper make the plan of a transaction: the part that differs from other package managers over rpm."""

import os
from typing import Any, Dict, List, Optional, Set

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Action, Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.planning import (
    Solver,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.repodata import obsoletes
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import Offer, Upgrade
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import answers, command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.answers import Locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.catalog import Catalog

# No question is asked: who patches unattended has accepted the licenses.
_TRYING = ["--dry-run", "--auto-agree-with-licenses"]


class ZypperSolver(Solver):
    """What a plan asks of zypper."""

    name = "zypper"
    trying = "zypper install --dry-run"

    def __init__(
        self, catalog: Catalog, installed: List[Package], updates: List[Dict[str, Any]], locks: Locks
    ) -> None:
        self.holds = sorted(locks.held)
        self.updates = updates
        self.arch = os.uname().machine
        self._catalog = catalog
        self._installed = installed
        self._blocked = locks.blocked
        self._chosen = {
            (one["replaced_by"] or one["name"], one["arch"], one["candidate"])
            for one in updates
            if not one["blocked"]
        }
        self._counts: Dict[str, int] = {}
        for one in installed:
            self._counts[one.name] = self._counts.get(one.name, 0) + 1

    def known(self, name: str, arch: str = "") -> List[Package]:
        present = [one for one in self._installed if one.name == name]
        vendors = {one.vendor for one in present}
        offered = [one for one in self._catalog.offers(name) if self._is_for_this_host(one, vendors)]
        return [one for one in present + offered if arch in ("", one.arch)]

    def closes(self, package: Package) -> bool:
        found = self._catalog.advisories().between(package.name, package.arch, None, package.version)
        return any(one["type"] == "security" for one in found)

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        # Without names it upgrades what can be upgraded and leaves the rest; patches, which it may skip
        # silently (those that want a reboot), have no part in it.
        found = self._try(["update"] + _TRYING, allow_removals)
        return Upgrade(self._changes(found), {})

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        wanted = [f"{one.name}.{one.arch}={one.version}" for one in offers]
        found = self._try(["install"] + _TRYING + ["--"] + wanted, allow_removals)
        coming = {(one.name, one.arch, one.new) for one in found}
        left = [one.name for one in offers if (one.name, one.arch, one.version) not in coming]
        if left:
            raise DriverError("unsatisfiable", "zypper leaves out " + ", ".join(left))
        return self._changes(found)

    def _is_for_this_host(self, offer: Package, vendors: Set[str]) -> bool:
        """Tell whether zypper by itself would take a package; `vendors`: of the installed one.

        Named with its version it takes one of any vendor, from any repository.
        """
        key = (offer.name, offer.arch, offer.version)
        if key in self._blocked:
            return False
        if key in self._chosen:
            return True
        return self._catalog.is_preferred(offer) and (not vendors or offer.vendor in vendors)

    def _try(self, arguments: List[str], allow_removals: bool) -> List[answers.Change]:
        answer = command.ask(arguments)
        if answer.rc == command.UNRESOLVED and arguments[0] == "install":
            # Only told to find a way by all means it would remove packages.
            forced = command.ask(["install", "--force-resolution"] + arguments[1:])
            found = answers.changes(forced.root)
            removed = [one.name for one in found if one.new is None]
            if removed and not allow_removals:
                raise DriverError("removals_needed", "needs the removal of " + ", ".join(sorted(removed)))
            if removed:
                return found
        if not command.is_done(answer):
            code = "repository_unreadable" if answer.rc == command.REPOSITORIES_SKIPPED else "unsatisfiable"
            remedy = f"Run zypper {arguments[0]} --dry-run with the same packages to see why."
            raise DriverError(code, answers.why_not(answer.root), remedy)
        return answers.changes(answer.root)

    def _changes(self, found: List[answers.Change]) -> List[Change]:
        self._catalog.read({one.name for one in found if one.new})
        present = {(one.name, one.arch, one.version): one for one in self._installed}
        offers = {one: self._offer(one) for one in found if one.new}
        changes = []
        for one, new in offers.items():
            old = present.get((one.name, one.old_arch, one.old)) if one.old else None
            beside = old is None and bool(self._counts.get(one.name))
            changes.append(self._coming(new, old, beside))
        for one in (one for one in found if not one.new):
            old = present.get((one.name, one.arch, one.old or ""))
            if old is None:
                raise DriverError(
                    "plan_changed", f"zypper would remove {one.name} {one.old}, which is not there"
                )
            by = next((new.name for new in offers.values() if obsoletes(new, old)), None)
            changes.append(rpm_packages.going(old, by, self._counts[old.name] > 1))
        return changes

    def _offer(self, change: answers.Change) -> Package:
        offer = self._catalog.find(change.name, change.arch, change.new or "")
        if offer is None:
            raise DriverError(
                "repository_unsigned",
                f"No repository gives a sum for {change.name} {change.new} ({change.arch}).",
                "Use repositories with repodata; zypper repos --details shows their type.",
            )
        return offer

    def _coming(self, new: Package, old: Optional[Package], beside: bool) -> Change:
        action = Action.INSTALL
        if old is not None:
            action = Action.DOWNGRADE if rpm_packages.older(new, old) else Action.UPGRADE
        since = old.version if old is not None and action is Action.UPGRADE else None
        advisories = self._catalog.advisories().between(new.name, new.arch, since, new.version)
        security = any(one["type"] == "security" for one in advisories)
        return rpm_packages.coming(new, old, action, security, beside)
