# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt and dpkg, by their commands and files: python3-apt need not be there."""

import os
import shutil
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.os_release import collect_os
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import (
    commands,
    inventory,
    kernels,
    locks,
    preferences,
    refresh,
    repositories,
    security,
    updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.changes import AptChanges
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.inventory import Row
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt.policies import (
    Policy,
    policy_of,
    read_policies,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

T = TypeVar("T")


class Apt(AptChanges):
    """The driver of Debian's and Ubuntu's package manager.

    What several answers are made of is asked once and kept until `forget`.
    """

    name = "apt"

    def __init__(self) -> None:
        self._kept: Dict[str, Any] = {}

    def available(self) -> bool:
        return bool(shutil.which("apt-get")) and os.path.exists("/var/lib/dpkg/status")

    def version(self) -> str:
        # "apt 2.6.1 (amd64)"
        return run(["apt-get", "--version"]).stdout.split("\n", 1)[0].split(" ")[1]

    def platform_arch(self) -> str:
        return self._keep("arch", inventory.read_architecture)

    def forget(self) -> None:
        """Drop what was read before something changed it."""
        self._kept.clear()

    # reading

    def installed(self) -> List[Dict[str, Any]]:
        automatic = inventory.read_automatic()
        by_index, policies = self._by_index(), self._policies()
        packages = []
        for row in inventory.installed(self.rows()):
            repository = updates.source_repository(policy_of(row, policies), row.version, by_index)
            packages.append(
                {
                    "name": row.name,
                    "version": row.version,
                    "arch": row.arch,
                    "source": row.source,
                    "source_version": row.source_version,
                    "section": row.section,
                    "origin": (repository["origin"] or "") if repository else "",
                    "suite": repository["suite"] if repository else None,
                    "manual": not inventory.is_automatic(row, automatic, self.platform_arch()),
                }
            )
        return packages

    def holds(self) -> List[str]:
        return inventory.held_names(self.rows())

    def remounts(self) -> bool:
        return commands.remounts()

    def broken(self) -> Dict[str, Any]:
        return inventory.read_broken(self.rows())

    def repositories(self) -> List[Dict[str, Any]]:
        errors = self._kept.get("refresh_errors", [])
        return repositories.with_refresh_errors(list(self._by_index().values()), errors)

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        system = collect_os(self.platform_arch())
        errors = self._kept.get("refresh_errors", [])
        needs_esm = system["id"] == "ubuntu" and system["support"]["status"] in ("lts", "ended")
        return security.judge(
            repositories,
            system["codename"],
            errors,
            refresh.read_seconds_ago(),
            needs_esm,
            self.source_terms.keys,
        )

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        read = refresh.refresh()
        self._kept["refresh_errors"] = read.errors
        self._kept["refresh_warnings"] = read.warnings
        return read.errors

    def refresh_warnings(self) -> List[str]:
        return cast(List[str], self._kept.get("refresh_warnings", []))

    def updates(self) -> List[Dict[str, Any]]:
        found = updates.find_updates(
            inventory.installed(self.rows()),
            self._policies(),
            self._by_index(),
            preferences.read_default_release(),
        )
        candidates = updates.read_candidates(found, self.platform_arch())
        unknown = {"source_version": None, "sha256": None, "size": None}
        return [
            dict(one, **candidates.get((one["name"], one["arch"], one["candidate"]), unknown))
            for one in found
        ]

    def closing_versions(self) -> Dict[Tuple[str, str], List[str]]:
        """See updates.closing_versions."""
        return updates.closing_versions(inventory.installed(self.rows()), self._policies(), self._by_index())

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder()

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return kernels.installed_kernels(self.rows())

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return inventory.read_owners(paths)

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/apt/archives", "purpose": "cache"}]

    def rows(self) -> List[Row]:
        return self._keep("rows", inventory.read_rows)

    def _policies(self) -> Dict[str, Policy]:
        native = (self.platform_arch(), "all")
        names = [
            row.name if row.arch in native else f"{row.name}:{row.arch}"
            for row in inventory.installed(self.rows())
        ]
        return self._keep("policies", lambda: read_policies(names))

    def _by_index(self) -> Dict[str, Dict[str, Any]]:
        return self._keep("repositories", repositories.read_repositories)

    def _keep(self, name: str, read: Callable[[], T]) -> T:
        if name not in self._kept:
            self._kept[name] = read()
        return cast(T, self._kept[name])
