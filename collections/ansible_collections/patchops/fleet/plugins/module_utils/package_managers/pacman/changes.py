# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of pacman's driver that plans and acts; the reading half is in `Pacman` itself."""

from abc import abstractmethod
from typing import Any, Dict, Iterable, List, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    acquire,
    ignored_packages,
    install,
    plan,
    recovery,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.package_files import (
    file_name,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.selection import make_plan


class PacmanChanges(Driver):
    """Planning and acting by pacman."""

    repairing = "pacman -Dk (and remove /var/lib/pacman/db.lck when no pacman runs)"
    cleaning = "paccache -r"
    inspecting = "pacman -Dk, pacman -Qk"

    @abstractmethod
    def look(self) -> plan.Host:
        """Return what a plan is based on."""

    @abstractmethod
    def configuration(self) -> Configuration:
        """Return pacman's configuration."""

    @abstractmethod
    def packages(self) -> Dict[str, Package]:
        """Return what is installed, by name."""

    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        return make_plan(plan.PacmanSolver(self.look()), selection, allow_removals, blocked)

    def acquire(self, plan: Dict[str, Any], directory: str) -> List[str]:
        return acquire.acquire(self.configuration(), plan, directory)

    def acquire_way_back(
        self, plan: Dict[str, Any], directory: str, nearby: Iterable[str] = (), rebuilding: bool = False
    ) -> List[Dict[str, Any]]:
        # A package can't be rebuilt from its installed files: they don't tell what was edited.
        return acquire.acquire_way_back(self.configuration(), plan, self.packages(), directory, nearby)

    def file_names(self, changes: List[Dict[str, Any]]) -> List[str]:
        return [file_name(one["name"], one["to"], one["arch"]) for one in changes if one["to"]]

    def removal(self, name: str, arch: str, version: str) -> str:
        return name

    def known_names(self) -> List[str]:
        return sorted(self.packages())

    def forget_packages(self, names: List[str], log: str) -> None:
        """What goes on the way back goes with all that it had brought (--nosave)."""

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        return install.simulate(self.configuration(), files, removals)

    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        try:
            install.install(self.configuration(), files, removals, allow_downgrades, log)
        finally:
            self.forget()

    def complaints(self, log: str) -> List[str]:
        return install.failures(install.newest_change(log))

    def put_back_by_force(self, files: List[str], removals: List[str], log: str) -> None:
        try:
            install.install_by_force(self.configuration(), files, removals, log)
        finally:
            self.forget()

    def recover(self, log: str) -> None:
        try:
            recovery.recover(self.configuration().database)
        finally:
            self.forget()

    def marks(self) -> List[str]:
        return sorted(f"{one.name}:{one.arch}" for one in self.packages().values() if one.automatic)

    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        present = {f"{one.name}:{one.arch}": one for one in self.packages().values()}
        touched = [present[name] for name in names if name in present]
        automatic = {present[name].name for name in marks if name in present}
        try:
            install.set_reasons(
                sorted(one.name for one in touched if one.name in automatic and not one.automatic),
                sorted(one.name for one in touched if one.name not in automatic and one.automatic),
            )
        finally:
            self.forget()

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        ignored_packages.block(versions, transaction_id)

    def unblock(self, transaction_id: str) -> None:
        ignored_packages.unblock(transaction_id)

    def updater_locks(self) -> List[str]:
        return []  # Arch has no updater of its own, and whatever a person has set up takes pacman's lock
