# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""zypper and rpm (SUSE Linux Enterprise, openSUSE), through zypper's XML and the metadata that it keeps."""

import os
import re
import shutil
from typing import Any, Dict, List, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_start
from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import read_os_release
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import installed, locks
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.driver import (
    DATABASES,
    describe_repository,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    rpm_packages,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper import (
    answers,
    catalog,
    command,
    configuration,
    marks_file,
    reboot_marker,
    updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.zypper.changes import (
    ZypperChanges,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_PID_FILE = "/run/zypp.pid"
_VERSION = re.compile(r"\d[\d.]*")


class Zypper(ZypperChanges):
    """The driver of SUSE's package manager. What was read is kept until `forget`."""

    name = "zypper"

    def __init__(self) -> None:
        self._refresh_errors: List[Dict[str, Any]] = []
        self.forget()

    def available(self) -> bool:
        # Fedora and Debian have zypper as one of their packages.
        try:
            is_suse = "suse" in read_os_release().get("ID_LIKE", "").split()
        except OSError:
            return False
        return is_suse and shutil.which("zypper") is not None and any(map(os.path.isdir, DATABASES))

    def version(self) -> str:
        found = _VERSION.search(run(["zypper", "--version"]).stdout)
        return found.group(0) if found else ""

    def forget(self) -> None:
        self._packages: Optional[List[Package]] = None
        self._catalog: Optional[catalog.Catalog] = None
        self._locks: Optional[answers.Locks] = None
        self._updates: Optional[List[Dict[str, Any]]] = None

    # reading

    def packages(self) -> List[Package]:
        if self._packages is None:
            self._packages = installed.read_installed(marks_file.read())
        return self._packages

    def catalog(self) -> catalog.Catalog:
        if self._catalog is None:
            self._catalog = catalog.Catalog()
        return self._catalog

    def locks(self) -> answers.Locks:
        if self._locks is None:
            self._locks = updates.read_locks()
        return self._locks

    def installed(self) -> List[Dict[str, Any]]:
        offered = self._offered()
        return [
            rpm_packages.installed_entry(one, offered.get((one.name, one.arch, one.version)), "")
            for one in self.packages()
        ]

    def versions(self) -> List[Dict[str, Any]]:
        return [{"name": one.name, "arch": one.arch, "version": one.version} for one in self.packages()]

    def marks(self) -> List[str]:
        return sorted(f"{one.name}:{one.arch}" for one in self.packages() if not one.manual)

    def holds(self) -> List[str]:
        return sorted(self.locks().held)

    def duplicates(self) -> List[Dict[str, str]]:
        found = rpm_packages.duplicates(self.packages(), configuration.installed_beside().names)
        if not found:
            return []
        beside = set()
        for capability in configuration.installed_beside().capabilities:
            beside |= installed.names_providing(capability)
        return [one for one in found if one["name"] not in beside]

    def repositories(self) -> List[Dict[str, Any]]:
        return [
            describe_repository(catalog.describe(one), self._refresh_errors)
            for one in self.catalog().repositories
        ]

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        self._refresh_errors = []
        every = command.ask(["refresh"], refreshing=True)
        if command.is_done(every) or every.rc == command.NO_REPOSITORIES:
            return []
        # What zypper says of several at once doesn't tell which of them it is about.
        for one in self.catalog().repositories:
            answer = command.ask(["refresh", "--", one["alias"]], refreshing=True)
            if not command.is_done(answer):
                message = answers.errors(answer.root)
                self._refresh_errors.append({"repository": one["alias"], "message": message})
        self.forget()
        # Each is there now: a service that tells which repositories there are, or a moment's trouble.
        return self._refresh_errors or [{"repository": None, "message": answers.errors(every.root)}]

    def updates(self) -> List[Dict[str, Any]]:
        if self._updates is None:
            self._updates = updates.read_updates(self.catalog(), self.packages(), self.locks())
        return self._updates

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder(_PID_FILE)

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return installed.read_kernels()

    def reboot_requests(self) -> List[str]:
        return self.changed_for_next_boot() or ([reboot_marker.MARKER] if reboot_marker.is_set() else [])

    def changed_for_next_boot(self) -> List[str]:
        wanted, started = configuration.rebooting(), read_start()
        names = set(wanted.names)
        for capability in wanted.capabilities:
            names |= installed.names_providing(capability)
        return sorted(
            {one.name for one in self.packages() if one.name in names and one.installed_at > started}
        )

    def _offered(self) -> Dict[Any, Optional[str]]:
        """Return the repositories that offer what is installed, by name, arch and version."""
        try:
            self.catalog().read({one.name for one in self.packages()})
        except DriverError:
            return {}  # `updates` and `repositories` say so; what is installed is known all the same
        found = {}
        for one in self.packages():
            offer = self.catalog().find(one.name, one.arch, one.version)
            if offer is not None:
                found[one.name, one.arch, one.version] = offer.repository
        return found

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/zypp", "purpose": "cache"}]
