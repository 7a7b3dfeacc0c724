# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan asks of libdnf5."""

from typing import List

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.change import Change
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    changes,
    describing,
    opening,
    reading,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.errors import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    planning,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.solver import Offer, Upgrade

try:
    import libdnf5
except ImportError:
    libdnf5 = None  # see opening.py


_READ = "Let the call refresh them, or run dnf5 makecache --refresh on the host."


class Solver(planning.Solver):
    """Asks libdnf5 with the host's excludes and version locks in force."""

    def __init__(self, opened: opening.Opened) -> None:
        # What is installed is asked for where nothing hides it.
        self._everything, self._base = opened.everything, opened.restricted
        unread = [one["id"] for one in reading.repositories(self._everything) if one["error"]]
        if unread:
            raise DriverError("repository_unreadable", "Never read: " + ", ".join(unread) + ".", _READ)
        self.arch = self._base.get_vars().get_value("arch")
        self.holds = reading.held_names(self._everything)
        self.updates = reading.updates(opened)

    def known(self, name: str, arch: str = "") -> List[Package]:
        found = []
        for query in (opening.installed(self._everything), opening.available(self._base)):
            query.filter_name([name])
            if arch:
                query.filter_arch([arch])
            found += describing.records_of(query)
        return found

    def takes(self, packages: List[Package]) -> List[Package]:
        choice = reading.choose(self._base, {one.name for one in packages})
        return [one for one in packages if choice.takes(one)]

    def closes(self, package: Package) -> bool:
        found = describing.Advisories(self._everything, [], [package.found]).between(None, package)
        return any(one["type"] == "security" for one in found)

    def upgrade_all(self, allow_removals: bool) -> Upgrade:
        goal = libdnf5.base.Goal(self._base)
        # Newest or nothing would turn one package that waits for another into no plan at all.
        goal.add_rpm_upgrade(changes.settings(best=False))
        found = changes.resolve(goal, allow_removals, lenient=True)
        return Upgrade(changes.planned(self._base, found, allow_removals), {})

    def install(self, offers: List[Offer], allow_removals: bool) -> List[Change]:
        goal = libdnf5.base.Goal(self._base)
        for one in offers:
            goal.add_rpm_install(one.found.found, changes.settings(best=True))
        return changes.planned(self._base, changes.resolve(goal, allow_removals), allow_removals)
