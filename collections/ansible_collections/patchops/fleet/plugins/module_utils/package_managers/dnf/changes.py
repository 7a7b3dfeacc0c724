# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of dnf's driver that plans and acts; the reading half is in `Dnf` itself."""

import re
from typing import Any, Dict, List, cast

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import block
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.bindings import Bindings
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.patch_sets import check_members
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import RpmDriver

# rpm counts neither as a failure of the transaction.
_FAILED_SCRIPT = re.compile(r"(?:Error in|Non-fatal) \S+ scriptlet ")


class DnfChanges(RpmDriver):
    """Planning and acting by dnf, and by rpm where dnf finds no way."""

    bindings: Bindings
    caches = ("/var/cache/dnf/*/packages",)

    repairing = "dnf remove --duplicates and dnf check"
    cleaning = "dnf clean packages"
    inspecting = "dnf history info, dnf check"

    def plan(self, selection: Dict[str, Any], options: Dict[str, Any]) -> Dict[str, Any]:
        made = self.bindings.ask("plan", selection=selection, allow_removals=options["allow_removals"])
        if "patch_set" in selection:
            check_members(made, selection["patch_set"], self.name)
        return cast(Dict[str, Any], made)

    def download(self, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
        answer = self.bindings.ask("download", packages=packages, directory=directory)
        return cast(List[Dict[str, Any]], answer)

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        try:
            return cast(List[Dict[str, Any]], self.bindings.ask("simulate", files=files, removals=removals))
        except DriverError as error:
            raise DriverError(
                "plan_changed",
                f"dnf no longer accepts the packages: {error.message}.",
                "Somebody changed the host's packages since they were staged. Call again to make a new plan.",
            )

    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        try:
            done = self.bindings.change(log, "install", files=files, removals=removals)
        finally:
            self.forget()
        # On the way back the packages count: a script of the bad version may well fail once more.
        if done["complaints"] and not allow_downgrades:
            raise DriverError(
                "install_failed",
                "dnf says it succeeded, but scripts of packages failed: "
                + "; ".join(done["complaints"])
                + ".",
                f"See {log}.",
            )

    def complaints(self, log: str) -> List[str]:
        with open(log, encoding="utf-8", errors="replace") as stream:
            newest = stream.read().rpartition("\n+ dnf: ")[2]
        return [line for line in newest.splitlines() if _FAILED_SCRIPT.match(line)]

    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        automatic = sorted(set(marks) & set(names))
        try:
            self.bindings.ask("set_reasons", automatic=automatic, manual=sorted(set(names) - set(automatic)))
        finally:
            self.forget()

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        block.block(versions, transaction_id)

    def unblock(self, transaction_id: str) -> None:
        block.unblock(transaction_id)

    def updater_locks(self) -> List[str]:
        return []  # dnf-automatic takes dnf's own lock, which is waited for
