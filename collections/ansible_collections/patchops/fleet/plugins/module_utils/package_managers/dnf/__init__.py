# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf 4 and rpm, through dnf's own Python bindings: the tables it prints change from version to version."""

import os
import shutil
from typing import Any, Dict, List, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_start
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.bindings import Bindings
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.changes import DnfChanges
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import (
    DATABASES,
    describe_repository,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_PID_FILE = "/var/lib/dnf/rpmdb_lock.pid"


class Dnf(DnfChanges):
    """The driver of Red Hat's and its relatives' package manager, version 4.

    What dnf and the rpm database say is read in one go and kept until `forget`.
    """

    name = "dnf"

    def __init__(self) -> None:
        self.bindings = Bindings()
        self._kept: Optional[Dict[str, Any]] = None
        self._refresh_errors: List[Dict[str, Any]] = []

    def available(self) -> bool:
        # From version 5 on the command of this name is another program.
        program = shutil.which("dnf")
        return (
            program is not None
            and os.path.basename(os.path.realpath(program)) != "dnf5"
            and any(os.path.isdir(path) for path in DATABASES)
        )

    def version(self) -> str:
        return run(["dnf", "--version"]).stdout.split("\n", 1)[0].strip()

    def forget(self) -> None:
        self._kept = None

    # reading

    def installed(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["packages"])

    def holds(self) -> List[str]:
        return cast(List[str], self.read()["holds"])

    def duplicates(self) -> List[Dict[str, str]]:
        return cast(List[Dict[str, str]], self.read()["duplicates"])

    def repositories(self) -> List[Dict[str, Any]]:
        return [describe_repository(one, self._refresh_errors) for one in self.read()["repositories"]]

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        self._refresh_errors = [
            dict(one, message=without_credentials(one["message"])) for one in self.bindings.ask("refresh")
        ]
        return self._refresh_errors

    def updates(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["updates"])

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder(_PID_FILE)

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["kernels"])

    def reboot_requests(self) -> List[str]:
        started = read_start()
        return sorted({one["name"] for one in self.read()["reboot_hints"] if one["installed_at"] > started})

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/dnf", "purpose": "cache"}]

    def read(self) -> Dict[str, Any]:
        """Return what inside/reading.py reads."""
        if self._kept is None:
            self._kept = cast(Dict[str, Any], self.bindings.ask("read"))
        return self._kept
