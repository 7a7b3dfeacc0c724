# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a driver that is the same for every package manager with Python bindings (see bindings.py)."""

import re
from typing import Any, Dict, List, Optional, Sequence, cast

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan, read_plan
from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_start
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.bindings import Bindings
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import (
    RpmDriver,
    describe_repository,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.installed import (
    in_order,
    read_kernels,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)

# rpm counts neither as a failure of the transaction.
_FAILED_SCRIPT = re.compile(r"(?:Error in|Non-fatal) \S+ scriptlet ")


class BoundDriver(RpmDriver):
    """The answers of the interpreter with the bindings are kept until `forget`.

    `present`: what is installed, which asks for no repository; `read`: the rest, and the same, in one go.
    """

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self._present: Optional[Dict[str, Any]] = None
        self._kept: Optional[Dict[str, Any]] = None
        self._refresh_errors: List[Dict[str, Any]] = []
        # Whether what answers has loaded them, which it does once.
        self._with_repositories = False

    def forget(self) -> None:
        self._present = self._kept = None
        # Everything else is opened anew for each question.
        if self._with_repositories:
            self._with_repositories = False
            self.bindings.close()

    # reading

    def installed(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["packages"])

    def versions(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.present()["packages"])

    def marks(self) -> List[str]:
        return sorted("{name}:{arch}".format(**one) for one in self.versions() if not one["manual"])

    def holds(self) -> List[str]:
        return cast(List[str], self.read()["holds"])

    def duplicates(self) -> List[Dict[str, str]]:
        return cast(List[Dict[str, str]], self.present()["duplicates"])

    def repositories(self) -> List[Dict[str, Any]]:
        return [describe_repository(one, self._refresh_errors) for one in self.read()["repositories"]]

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        self._refresh_errors = [
            dict(one, message=without_credentials(one["message"]))
            for one in self._ask_repositories("refresh")
        ]
        if self._refresh_errors:
            self.forget()  # there may be an older copy of what could not be fetched
        return self._refresh_errors

    def updates(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["updates"])

    def kernel_packages(self) -> List[Dict[str, Any]]:
        # What provides kernel-uname-r are kernels too, but other vendors' (UEK, ELRepo's) provide another
        # one.
        provided = cast(List[Dict[str, Any]], self.present()["kernels"])
        by_release = {one["release"]: one for one in provided + read_kernels()}
        return in_order(by_release.values())

    def reboot_requests(self) -> List[str]:
        started = read_start()
        return sorted(
            {one["name"] for one in self.present()["reboot_hints"] if one["installed_at"] > started}
        )

    def present(self) -> Dict[str, Any]:
        """Return what in_dnf/reading.py reads of what is installed."""
        if self._present is None:
            self._present = cast(Dict[str, Any], self.bindings.ask("present"))
        return self._present

    def read(self) -> Dict[str, Any]:
        """Return everything that in_dnf/reading.py reads."""
        if self._kept is None:
            self._kept = cast(Dict[str, Any], self._ask_repositories("read"))
            self._present = self._kept["present"]
        return self._kept

    def _ask_repositories(self, action: str, **arguments: Any) -> Any:
        self._with_repositories = True
        return self.bindings.ask(action, **arguments)

    # planning and acting

    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        return read_plan(
            self._ask_repositories(
                "plan", selection=selection, allow_removals=allow_removals, blocked=list(blocked)
            )
        )

    def download(self, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
        answer = self._ask_repositories("download", packages=packages, directory=directory)
        return cast(List[Dict[str, Any]], answer)

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        try:
            return cast(List[Dict[str, Any]], self.bindings.ask("simulate", files=files, removals=removals))
        except DriverError as error:
            raise DriverError(
                "plan_changed",
                f"{self.name} no longer accepts the packages: {error.message}.",
                "Somebody changed the host's packages since they were staged. Call again to make a new plan.",
            )

    def install(self, files: List[str], removals: List[str], allow_downgrades: bool, log: str) -> None:
        try:
            done = self.bindings.change(log, "install", files=files, removals=removals)
        finally:
            self.settle()
        # On the way back the packages count: a script of the bad version may well fail once more.
        if done["complaints"] and not allow_downgrades:
            raise DriverError(
                "install_failed",
                "Packages were installed, but their scripts failed: " + "; ".join(done["complaints"]) + ".",
                f"See {log}.",
            )

    def complaints(self, log: str) -> List[str]:
        with open(log, encoding="utf-8", errors="replace") as stream:
            newest = stream.read().rpartition("\n+ dnf: ")[2]
        return [line for line in newest.splitlines() if _FAILED_SCRIPT.match(line)]

    def put_back_by_force(self, files: List[str], removals: List[str], log: str) -> None:
        self.bindings.close()  # its code may be replaced now
        super().put_back_by_force(files, removals, log)

    def restore_marks(self, marks: List[str], names: List[str]) -> None:
        automatic, now = set(marks) & set(names), set(self.marks())
        wrong = {name for name in names if (name in automatic) != (name in now)}
        if not wrong:
            return
        try:
            self.bindings.ask(
                "set_reasons", automatic=sorted(wrong & automatic), manual=sorted(wrong - automatic)
            )
        finally:
            self.forget()

    def updater_locks(self) -> List[str]:
        return []  # dnf-automatic takes dnf's own lock, which is waited for
