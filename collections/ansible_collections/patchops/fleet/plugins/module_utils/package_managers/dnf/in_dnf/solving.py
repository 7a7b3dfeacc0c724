# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan asks of dnf 4."""

from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    changes,
    describing,
    opening,
    reading,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    planning,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import Offer, Upgrade


class Solver(planning.Solver):
    """Asks the dnf that was opened with the host's repositories."""

    def __init__(self, opened: opening.Opened) -> None:
        self._base = base = opened.base
        # Kernels accumulate rather than that one goes of which nobody spoke: the running or the fallback one.
        base.conf.installonly_limit = 0
        self.arch = base.conf.arch
        self.holds = reading.held_names(base)
        self.updates = reading.updates(opened)

    def known(self, name: str, arch: str = "") -> List[Package]:
        wanted = {"name": name, "arch": arch} if arch else {"name": name}
        offered = self._base.sack.query().available().filter(**wanted)
        return describing.records_of(list(opening.installed(self._base).filter(**wanted)) + list(offered))

    def takes(self, packages: List[Package]) -> List[Package]:
        choice = reading.choose(self._base, {one.name for one in packages})
        return [one for one in packages if choice.takes(one)]

    def closes(self, package: Package) -> bool:
        return any(describing.type_of(one) == "security" for one in describing.advisories_of(package.found))

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        # Newest or nothing would turn one package that waits for another into no plan at all.
        self._base.conf.best = False
        self._base.reset(goal=True)
        self._base.upgrade_all()
        return Upgrade(changes.resolve(self._base, allow_removals), {})

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        self._base.conf.best = True
        self._base.reset(goal=True)
        for one in offers:
            self._base.package_install(one.found.found)
        return changes.resolve(self._base, allow_removals)
