# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of zypper's driver that plans and acts; the reading half is in `Zypper` itself."""

import os
from abc import abstractmethod
from typing import Any, Dict, List, Sequence, Set

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import RpmDriver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.selection import make_plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    acting,
    answers,
    marks_file,
    package_locks,
    purging,
    reboot_marker,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.catalog import Catalog
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.planning import (
    ZypperSolver,
)


class ZypperChanges(RpmDriver):
    """Planning and acting by zypper, and by rpm where zypper finds no way."""

    caches = ("/var/cache/zypp/packages/*", "/var/cache/zypp/packages/*/*")
    repairing = "zypper verify and rpm -Va --nofiles"
    cleaning = "zypper clean"
    inspecting = "/var/log/zypp/history, zypper verify"

    @abstractmethod
    def packages(self) -> List[Package]:
        """Return what is installed."""

    @abstractmethod
    def catalog(self) -> Catalog:
        """Return what the repositories offer."""

    @abstractmethod
    def locks(self) -> answers.Locks:
        """Return what locks keep as it is."""

    @abstractmethod
    def changed_for_next_boot(self) -> List[str]:
        """Return the packages that changed since the boot and are in effect after the next one."""

    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        _check_writable()
        self.catalog().read({one.name for one in self.packages()} | _names(selection))
        solver = ZypperSolver(self.catalog(), self.packages(), self.updates(), self.locks())
        return make_plan(solver, selection, allow_removals, blocked)

    def download(self, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
        return acting.download(packages, directory)

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        return acting.simulate(files, removals)

    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        was_marked = reboot_marker.is_set()
        try:
            failed = acting.install(files, removals, log)
        finally:
            purging.put_off()
            self.settle()
        if not was_marked:
            reboot_marker.note()
        if allow_downgrades and not self.changed_for_next_boot():
            reboot_marker.withdraw()
        # On the way back the packages count: a script of the bad version may well fail once more.
        if failed and not allow_downgrades:
            raise DriverError(
                "install_failed",
                "Packages were installed, but their scripts failed: " + "; ".join(failed) + ".",
                f"See {log}.",
            )

    def complaints(self, log: str) -> List[str]:
        with open(log, encoding="utf-8", errors="replace") as stream:
            return answers.failed_scripts(stream.read().rpartition("\n+ zypper ")[2])

    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        automatic = {one.partition(":")[0] for one in set(marks) & set(names)}
        try:
            marks_file.change(automatic, {one.partition(":")[0] for one in names} - automatic)
        finally:
            self.forget()

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        patches = sorted({name for one in versions for name in self._patches(one)})
        package_locks.block(versions, patches, transaction_id)
        self.forget()

    def unblock(self, transaction_id: str) -> None:
        package_locks.unblock(transaction_id)
        self.forget()

    def released(self) -> None:
        purging.take_up()

    def updater_locks(self) -> List[str]:
        return []  # who changes packages holds zypper's own lock, which is waited for

    def _patches(self, version: Dict[str, str]) -> List[str]:
        try:
            return self.catalog().advisories().about(version["name"], version["version"])
        except DriverError:
            return []  # what keeps the package away counts more than that other patches still come


def _names(selection: Dict[str, Any]) -> Set[str]:
    """Return the names that a selection may speak of: reading them one by one takes seconds each."""
    if "patch_set" in selection:
        return {one["name"] for one in selection["patch_set"]["packages"]}
    names = {one.partition("=")[0] for one in selection.get("packages", [])}
    return names | {one.rpartition(".")[0] for one in names}


def _check_writable() -> None:
    if os.statvfs("/usr").f_flag & os.ST_RDONLY:
        raise DriverError(
            "unsupported_platform",
            "/usr is read-only: this host is changed by transactional-update, which PatchOps does not drive.",
            "Patch it with transactional-update and reboot it.",
        )
