# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf 5 and rpm, through libdnf5's own Python bindings: its command line does not tell checksums."""

import os
import shutil
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.patchops.fleet.plugins.module_utils.contracts.plan import Plan
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5 import (
    drop_in_excludes,
    offline,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf5.in_dnf import (
    acting,
    changes,
    describing,
    main,
    opening,
    reading,
    solving,
    watching,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import bindings, locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.bound import BoundDriver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import DATABASES
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# The first while packages change; the second also while a person is asked whether they may.
_LOCKS = ("/run/dnf/rpmtransaction.lock", "/var/lib/dnf/system-repo.lock")
_IMAGE_MARK = "/run/ostree-booted"
# Each after those that it imports.
_INSIDE = (watching, opening, describing, reading, changes, solving, acting, main)


class Dnf5(BoundDriver):
    """The driver of Fedora's package manager from version 41 on."""

    name = "dnf5"
    caches = ("/var/cache/libdnf5/*/packages",)

    # `dnf5 remove --duplicates` came late.
    repairing = "dnf5 check --duplicates, then rpm --erase for the older of what it names, and dnf5 check"
    cleaning = "dnf5 clean packages"
    inspecting = "dnf5 history info, dnf5 check"

    def __init__(self) -> None:
        super().__init__(bindings.Bindings("dnf5", "libdnf5", "python3-libdnf5", bindings.SHARED + _INSIDE))

    def available(self) -> bool:
        # Where version 4 is the command named dnf, its driver comes first.
        return shutil.which("dnf5") is not None and any(os.path.isdir(path) for path in DATABASES)

    def version(self) -> str:
        first = run(["dnf5", "--version"]).stdout.split("\n", 1)[0]
        return first.rpartition(" ")[2].strip()

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder("", _LOCKS)

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/libdnf5", "purpose": "cache"}]

    def plan(
        self, selection: Dict[str, Any], allow_removals: bool, blocked: Sequence[Dict[str, str]] = ()
    ) -> Plan:
        if os.path.exists(_IMAGE_MARK):
            raise DriverError(
                "unsupported_platform",
                "This host is an image (bootc, rpm-ostree): a new image changes its packages, not dnf5.",
                "Patch it with bootc upgrade or rpm-ostree upgrade and reboot it.",
            )
        offline.check_none_pending()
        return super().plan(selection, allow_removals, blocked)

    def simulate(self, files: List[str], removals: List[str], allow_downgrades: bool) -> List[Dict[str, Any]]:
        if not allow_downgrades:
            offline.check_none_pending()
        return super().simulate(files, removals, allow_downgrades)

    def block(self, versions: List[Dict[str, str]], transaction_id: str) -> None:
        wanted = drop_in_excludes.block(versions, transaction_id)
        missing = sorted(set(wanted) - set(self.bindings.ask("excludes")))
        if missing:
            raise DriverError(
                "internal_error",
                f"dnf5 does not heed {drop_in_excludes.path_of(transaction_id)}, so the host's updater may "
                f"install what was taken back: {', '.join(missing)}.",
                "See whether /etc/dnf/dnf.conf sets excludepkgs to nothing; without that line they add up.",
            )

    def unblock(self, transaction_id: str) -> None:
        drop_in_excludes.unblock(transaction_id)
