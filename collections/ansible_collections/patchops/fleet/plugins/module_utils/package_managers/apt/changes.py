# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of apt's driver that plans and acts; the reading half is in `Apt` itself."""

from abc import abstractmethod
from typing import Any, Dict, Iterable, List, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import (
    acquire,
    commands,
    install,
    inventory,
    pins,
    plan,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver, DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.selection import make_plan

# The scripts of apt's timers and cron jobs wait for this one, and the kernel frees it when its holder dies.
_DAILY_LOCK = "/var/lib/apt/daily_lock"


class AptChanges(Driver):
    """Planning and acting by apt-get and dpkg."""

    repairing = "dpkg --configure -a and apt-get -f install"
    cleaning = "apt-get clean"
    inspecting = "dpkg --audit"

    @abstractmethod
    def rows(self) -> List[inventory.Row]:
        """Return what dpkg's database has of every package, removed ones included."""

    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        return make_plan(plan.AptSolver(plan.look_at(self)), selection, allow_removals, blocked)

    def acquire(self, plan: Dict[str, Any], directory: str) -> List[str]:
        return acquire.acquire(plan, directory, self.platform_arch())

    def acquire_way_back(
        self, plan: Dict[str, Any], directory: str, nearby: Iterable[str] = (), rebuilding: bool = False
    ) -> List[Dict[str, Any]]:
        return acquire.acquire_way_back(plan, directory, self.platform_arch(), nearby, rebuilding)

    def file_names(self, changes: List[Dict[str, Any]]) -> List[str]:
        return [commands.file_name(one["name"], one["to"], one["arch"]) for one in changes if one["to"]]

    def removal(self, name: str, arch: str, version: str) -> str:
        # A bare name is the package of the host's own architecture, which may be there beside another one.
        return name if arch in ("all", self.platform_arch()) else f"{name}:{arch}"

    def known_names(self) -> List[str]:
        return sorted({row.name for row in self.rows()})

    def forget_packages(self, names: List[str], log: str) -> None:
        try:
            install.purge(names, log)
        finally:
            self.forget()

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        changes = install.simulate(files, removals, allow_downgrades)
        return [{"name": one.name, "arch": one.arch, "from": one.before, "to": one.after} for one in changes]

    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        try:
            install.install(files, removals, allow_downgrades, log)
        finally:
            self.forget()

    def put_back_by_force(self, files: List[str], removals: List[str], log: str) -> None:
        try:
            install.install_by_force(files, removals, log)
        finally:
            self.forget()

    def recover(self, log: str) -> None:
        try:
            rc, output = install.configure_all(log)
        finally:
            self.forget()
        if rc != 0:
            raise DriverError(
                "install_failed", "dpkg --configure -a failed: " + install.complaint(output), f"See {log}."
            )

    def marks(self) -> List[str]:
        native = self.platform_arch()
        automatic = inventory.read_automatic()
        return sorted(
            f"{row.name}:{row.arch}"
            for row in inventory.installed(self.rows())
            if inventory.is_automatic(row, automatic, native)
        )

    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        native = self.platform_arch()
        present = {
            f"{row.name}:{row.arch}": row.name if row.arch in ("all", native) else f"{row.name}:{row.arch}"
            for row in inventory.installed(self.rows())
        }
        touched = [name for name in names if name in present]
        install.restore_marks(
            [present[name] for name in marks if name in touched], [present[name] for name in touched]
        )

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        pins.block(versions, transaction_id)

    def unblock(self, transaction_id: str) -> None:
        pins.unblock(transaction_id)

    def updater_locks(self) -> List[str]:
        return [_DAILY_LOCK]
