# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf 4 and rpm, through dnf's own Python bindings: the tables it prints change from version to version."""

import os
import shutil
from typing import Any, Dict, List, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import excludes
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.in_dnf import (
    acting,
    changes,
    describing,
    keys,
    main,
    modules,
    opening,
    reading,
    solving,
    updateinfo,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import bindings, locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.bound import BoundDriver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import DATABASES
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_PID_FILE = "/var/lib/dnf/rpmdb_lock.pid"
# Each after those that it imports.
_INSIDE = (opening, describing, updateinfo, modules, reading, changes, solving, keys, acting, main)


class Dnf(BoundDriver):
    """The driver of Red Hat's and its relatives' package manager, version 4."""

    name = "dnf"
    caches = ("/var/cache/dnf/*/packages",)

    repairing = "dnf remove --duplicates and dnf check"
    cleaning = "dnf clean packages"
    inspecting = "dnf history info, dnf check"

    def __init__(self) -> None:
        super().__init__(bindings.Bindings("dnf", "dnf", "python3-dnf", bindings.SHARED + _INSIDE))

    def available(self) -> bool:
        # From version 5 on the command of this name is another program.
        program = shutil.which("dnf")
        return (
            program is not None
            and os.path.basename(os.path.realpath(program)) != "dnf5"
            and any(os.path.isdir(path) for path in DATABASES)
        )

    def version(self) -> str:
        # dnf's command loads all of itself to tell its version, rpm needs a hundredth of that time.
        told = run(["rpm", "--query", "--queryformat", "%{VERSION}", "dnf"])
        return told.stdout if told.rc == 0 else cast(str, self.bindings.ask("version"))

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder(_PID_FILE)

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/dnf", "purpose": "cache"}]

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        excludes.block(versions, transaction_id)

    def unblock(self, transaction_id: str) -> None:
        excludes.unblock(transaction_id)
