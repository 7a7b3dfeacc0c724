# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf 4 and rpm, through dnf's own Python bindings: the tables it prints change from version to version."""

import os
import shutil
from typing import Any, Dict, List, Optional, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.boot import read_start
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf import locks, rpm, security
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.bindings import Bindings
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.changes import DnfChanges
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.times import format_time

_DATABASES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")


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
            and any(os.path.isdir(path) for path in _DATABASES)
        )

    def version(self) -> str:
        return run(["dnf", "--version"]).stdout.split("\n", 1)[0].strip()

    def platform_arch(self) -> str:
        return os.uname().machine

    def forget(self) -> None:
        self._kept = None

    # reading

    def installed(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["packages"])

    def holds(self) -> List[str]:
        return cast(List[str], self.read()["holds"])

    def broken(self) -> Dict[str, Any]:
        return describe_broken(self.duplicates())

    def duplicates(self) -> List[Dict[str, str]]:
        return cast(List[Dict[str, str]], self.read()["duplicates"])

    def repositories(self) -> List[Dict[str, Any]]:
        return [describe_repository(one, self._refresh_errors) for one in self.read()["repositories"]]

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        return security.judge(repositories)

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        self._refresh_errors = [
            dict(one, message=without_credentials(one["message"])) for one in self.bindings.ask("refresh")
        ]
        return self._refresh_errors

    def updates(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["updates"])

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return locks.find_holder()

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.read()["kernels"])

    def reboot_requests(self) -> List[str]:
        started = read_start()
        return sorted({one["name"] for one in self.read()["reboot_hints"] if one["installed_at"] > started})

    def owners(self, paths: List[str]) -> Dict[str, str]:
        return rpm.read_owners(paths)

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/dnf", "purpose": "cache"}]

    def read(self) -> Dict[str, Any]:
        """Return what inside/reading.py reads."""
        if self._kept is None:
            self._kept = cast(Dict[str, Any], self.bindings.ask("read"))
        return self._kept


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
    published = repository.pop("published_at")
    told = {one["repository"]: one["message"] for one in refresh_errors}
    repository["uri"] = without_credentials(repository["uri"])
    repository["date"] = format_time(published) if published else None
    # Neither repodata nor dnf know a date after which a repository must not be believed.
    repository["valid_until"], repository["expired"] = None, False
    repository["error"] = told.get(repository["id"], repository["error"])
    return repository
