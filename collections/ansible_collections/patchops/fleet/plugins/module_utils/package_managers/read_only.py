# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver for hosts that are read and not changed."""

from typing import Any, Dict, List, NoReturn, Optional

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import (
    Driver,
    DriverError,
    Reader,
)


class ReadOnly(Driver):
    """Answers as a reader does, and refuses to plan and to change."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.name = reader.name
        self.repairing = reader.repairing
        self.cleaning = reader.cleaning
        self.inspecting = reader.inspecting

    def available(self) -> bool:
        return self._reader.available()

    def version(self) -> str:
        return self._reader.version()

    def platform_arch(self) -> str:
        return self._reader.platform_arch()

    def forget(self) -> None:
        self._reader.forget()

    def installed(self) -> List[Dict[str, Any]]:
        return self._reader.installed()

    def versions(self) -> List[Dict[str, Any]]:
        return self._reader.versions()

    def holds(self) -> List[str]:
        return self._reader.holds()

    def remounts(self) -> bool:
        return self._reader.remounts()

    def broken(self) -> Dict[str, Any]:
        return self._reader.broken()

    def repositories(self) -> List[Dict[str, Any]]:
        return self._reader.repositories()

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        return self._reader.security_source(repositories)

    def refresh(self) -> List[Dict[str, Any]]:
        return self._reader.refresh()

    def refresh_warnings(self) -> List[str]:
        return self._reader.refresh_warnings()

    def updates(self) -> List[Dict[str, Any]]:
        return self._reader.updates()

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return self._reader.lock_holder()

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return self._reader.kernel_packages()

    def reboot_requests(self) -> List[str]:
        return self._reader.reboot_requests()

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return self._reader.owners(paths)

    def space_paths(self) -> List[Dict[str, str]]:
        return self._reader.space_paths()

    def _refuse(self, *_given: Any, **_named: Any) -> NoReturn:
        raise DriverError(
            "unsupported_platform",
            f"Hosts with {self.name} are read only: PatchOps can't secure a way back there. Nothing was "
            "changed.",
            "Upgrade the host by its own means, or replace it by a newer image; scan and assess it here.",
        )

    plan = acquire = acquire_way_back = file_names = removal = known_names = _refuse
    forget_packages = simulate = install = put_back_by_force = recover = _refuse
    marks = restore_marks = block = unblock = updater_locks = _refuse
