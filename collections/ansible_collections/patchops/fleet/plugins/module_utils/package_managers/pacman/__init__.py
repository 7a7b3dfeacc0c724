# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pacman, by its commands and the text files of its database."""

import os
import shutil
from typing import Any, Callable, Dict, List, Optional, TypeVar, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_start
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import unmarked_security
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import (
    ignored_packages,
    kernels,
    lists,
    locks,
    recovery,
    repositories,
    updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.changes import (
    PacmanChanges,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
    read_configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import (
    Package,
    read_installed,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.plan import Host
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

T = TypeVar("T")


class Pacman(PacmanChanges):
    """The driver of Arch's package manager.

    What several answers are made of is asked once and kept until `forget`.
    """

    name = "pacman"

    def __init__(self) -> None:
        self._kept: Dict[str, Any] = {}

    def available(self) -> bool:
        return bool(shutil.which("pacman")) and os.path.isdir("/var/lib/pacman/local")

    def version(self) -> str:
        # " .--.                  Pacman v6.0.2 - libalpm v13.0.2"
        words = run(["pacman", "--version"]).stdout.split()
        return next((word[1:] for word in words if word[:1] == "v" and word[1:2].isdigit()), "")

    def platform_arch(self) -> str:
        return os.uname().machine

    def forget(self) -> None:
        self._kept.clear()

    # reading

    def installed(self) -> List[Dict[str, Any]]:
        offers = self._offers()
        return [
            {
                "name": one.name,
                "version": one.version,
                "arch": one.arch,
                "source": one.base,
                "source_version": one.version,
                "section": "",
                "origin": offers[one.name].repository if _is_offered(one, offers) else "",
                "suite": offers[one.name].repository if _is_offered(one, offers) else None,
                "manual": not one.automatic,
            }
            for one in self.packages().values()
        ]

    def holds(self) -> List[str]:
        return updates.held_names(
            self.packages().values(), self._held_patterns(), self.configuration().ignored_groups
        )

    def broken(self) -> Dict[str, Any]:
        return recovery.read_broken(self.configuration().database, self.platform_arch())

    def repositories(self) -> List[Dict[str, Any]]:
        configuration = self.configuration()
        told = {one["repository"]: one["message"] for one in self._kept.get("refresh_errors", [])}
        problems = dict(lists.problems(configuration), **told)
        return [
            repositories.describe(
                one,
                lists.published_at(configuration, one["id"]),
                lists.read_seconds_ago(configuration),
                problems.get(one["id"]),
            )
            for one in configuration.repositories
        ]

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        return unmarked_security.judge(repositories, self._pending(), "Arch")

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        errors = lists.refresh(self.configuration())
        self._kept["refresh_errors"] = errors
        return errors

    def updates(self) -> List[Dict[str, Any]]:
        return self._keep(
            "updates",
            lambda: updates.find_updates(
                self.packages(),
                self._offers(),
                updates.read_upgradable(self.configuration()),
                self.holds(),
                self._blocked(),
            ),
        )

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder(locks.lock_file(self.configuration().database))

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return kernels.installed_kernels(self.packages())

    def reboot_requests(self) -> List[str]:
        names = [one["package"] for one in self.kernel_packages()]
        return kernels.asking_for_reboot(self.packages(), names, read_start())

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return parse_owners(run(["pacman", "-Qo"] + paths).stdout) if paths else {}

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": self.configuration().caches[0], "purpose": "cache"}]

    def look(self) -> Host:
        if os.geteuid() != 0:
            raise DriverError(
                "not_root", "pacman plans for root alone. Nothing was changed.", "Set become: true."
            )
        return Host(
            self.configuration(),
            self.packages(),
            self._offers(),
            self.updates(),
            set(self.holds()),
            self._held_patterns(),
            {one["package"] for one in self.kernel_packages()},
        )

    def configuration(self) -> Configuration:
        return self._keep("configuration", read_configuration)

    def packages(self) -> Dict[str, Package]:
        return self._keep(
            "packages", lambda: {one.name: one for one in read_installed(self.configuration().database)[0]}
        )

    def _offers(self) -> Dict[str, Package]:
        configuration = self.configuration()
        return self._keep("offers", lambda: updates.first_offers(lists.read(configuration), configuration))

    def _pending(self) -> Optional[int]:
        try:
            return len(self.updates())
        except DriverError:
            return None

    def _blocked(self) -> Any:
        return self._keep("blocked", ignored_packages.read_blocked)

    def _held_patterns(self) -> List[str]:
        return ignored_packages.administrators_own(self.configuration().ignored_packages, self._blocked())

    def _keep(self, name: str, read: Callable[[], T]) -> T:
        if name not in self._kept:
            self._kept[name] = read()
        return cast(T, self._kept[name])


def parse_owners(text: str) -> Dict[str, str]:
    """Return the owners that ``pacman -Qo`` prints: ``/usr/bin/ls is owned by coreutils 9.4-2``."""
    owners = {}
    for line in text.splitlines():
        path, separator, owner = line.rpartition(" is owned by ")
        if separator:
            owners[path] = owner.split()[0]
    return owners


def _is_offered(one: Package, offers: Dict[str, Package]) -> bool:
    return one.name in offers and offers[one.name].version == one.version
