# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a driver that is the same for every package manager over rpm."""

import glob
import os
import time
from abc import abstractmethod
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import Driver
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import (
    acquire,
    command,
    scratch,
    security,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time

DATABASES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")


class RpmDriver(Driver):
    """What follows from rpm alone. Heirs say how packages are read, planned, fetched and installed."""

    # Where the package manager keeps packages that it once downloaded (patterns of directories).
    caches: Tuple[str, ...] = ()

    @abstractmethod
    def duplicates(self) -> List[Dict[str, str]]:
        """Return the older ones ({name, arch, version}) of packages that are installed twice."""

    @abstractmethod
    def download(self, packages: List[Dict[str, str]], directory: str) -> List[Dict[str, Any]]:
        """Fetch packages (name, arch, version, file) into `directory`, each under the name `file`.

        Return [{file, error}]: `error` None when it is there and its signature is good.
        """

    def platform_arch(self) -> str:
        return os.uname().machine

    def broken(self) -> Dict[str, Any]:
        return describe_broken(self.duplicates())

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        return security.judge(repositories)

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return command.read_owners(paths)

    def acquire(self, plan: Dict[str, Any], directory: str) -> List[str]:
        return acquire.acquire(self.download, plan, directory)

    def acquire_way_back(
        self, plan: Dict[str, Any], directory: str, nearby: Iterable[str] = (), rebuilding: bool = False
    ) -> List[Dict[str, Any]]:
        # An RPM package can't be rebuilt from its installed files: scripts and attributes are in its header.
        caches = [place for pattern in self.caches for place in glob.glob(pattern)]
        return acquire.acquire_way_back(self.download, plan, directory, list(nearby) + caches)

    def file_names(self, changes: List[Dict[str, Any]]) -> List[str]:
        return [command.file_name(one["name"], one["to"], one["arch"]) for one in changes if one["to"]]

    def removal(self, name: str, arch: str, version: str) -> str:
        # Kernels of one name lie side by side.
        return command.nevra(name, version, arch)

    def known_names(self) -> List[str]:
        return sorted({one["name"] for one in self.versions()})

    def forget_packages(self, names: List[str], log: str) -> None:
        """rpm leaves nothing behind that it would know of."""

    def altered(self, packages: Sequence[Tuple[str, str, str]]) -> Set[Tuple[str, str, str]]:
        # rpm notes a package once all of its files are there: cut off before, it is the former one to rpm.
        return {
            (name, arch, version)
            for name, arch, version in packages
            if command.is_altered(command.nevra(name, version, arch))
        }

    def put_back_by_force(self, files: List[str], removals: List[str], log: str) -> None:
        try:
            command.put_back(files, removals, log)
        finally:
            self.settle()

    def settle(self) -> None:
        """See what was changed onto the disk: rpm leaves that to the kernel, whatever happens before."""
        os.sync()
        self.forget()

    def recover(self, log: str) -> None:
        duplicates = [self.removal(one["name"], one["arch"], one["version"]) for one in self.duplicates()]
        try:
            command.erase(duplicates, log)
        finally:
            self.settle()

    def clear_scratch(self, files: List[str]) -> List[str]:
        # Whoever is at work right now has such files, too, and needs them.
        return [] if self.lock_holder() else scratch.clear(files)

    def marks(self) -> List[str]:
        return sorted("{name}:{arch}".format(**one) for one in self.installed() if not one["manual"])


def describe_broken(duplicates: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Judge the packages of which an older version is still there beside the newer one."""
    names = ", ".join("{name}-{version}.{arch}".format(**one) for one in duplicates)
    return {
        "interrupted": bool(duplicates),
        "packages": [{"name": one["name"], "arch": one["arch"], "state": "duplicate"} for one in duplicates],
        "reason": f"an upgrade was interrupted; still there beside a newer version: {names}"
        if names
        else None,
    }


def describe_repository(read: Dict[str, Any], refresh_errors: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return a repository for the host document, with what a refresh that was just made said of it."""
    repository = dict(read)
    published, until = repository.pop("published_at"), repository.pop("valid_until", None)
    told = {one["repository"]: one["message"] for one in refresh_errors}
    repository["uri"] = without_credentials(repository["uri"])
    repository["date"] = format_time(published) if published else None
    # Only SUSE's repodata may name a date after which a repository must not be believed.
    repository["valid_until"] = format_time(until) if until else None
    repository["expired"] = bool(until and until < time.time())
    repository["error"] = told.get(repository["id"], repository["error"])
    return repository
