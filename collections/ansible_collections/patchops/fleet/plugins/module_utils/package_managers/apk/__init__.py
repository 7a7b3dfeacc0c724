# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""apk, by its commands and text files. Such hosts are read, and not changed."""

import glob
import os
import re
import shutil
import time
from typing import Any, Callable, Dict, List, Optional, TypeVar, cast

from ansible_collections.patchops.fleet.plugins.module_utils.facts.proc import read_text_or_none
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    file_locks,
    unmarked_security,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apk import (
    installed_and_world,
    repositories,
    updates,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apk.installed_and_world import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError, Reader
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended, run

T = TypeVar("T")

# Where apk 2 and 3 keep it, and where it is once /lib is a part of /usr.
_DATABASES = ("/lib/apk/db", "/usr/lib/apk/db")
_WORLD = "/etc/apk/world"
_REPOSITORIES = ("/etc/apk/repositories", "/etc/apk/repositories.d/*.list")
_INDEXES = ("/var/cache/apk/APKINDEX.*", "/etc/apk/cache/APKINDEX.*", "/var/lib/apk/APKINDEX.*")
_TIME_LIMIT = 600
_OWNED = re.compile(r"^(\S+)(?: symlink target)? is owned by (\S+)-[^-\s]+-r\d+$", re.MULTILINE)


class Apk(Reader):
    """Reads what Alpine's package manager knows.

    What several answers are made of is asked once and kept until `forget`.
    """

    name = "apk"

    def __init__(self) -> None:
        self._kept: Dict[str, Any] = {}

    def available(self) -> bool:
        return bool(shutil.which("apk")) and any(os.path.isdir(path) for path in _DATABASES)

    def version(self) -> str:
        # "apk-tools 2.14.6, compiled for x86_64."
        words = run(["apk", "--version"]).stdout.replace(",", " ").split()
        return words[1] if len(words) > 1 else ""

    def platform_arch(self) -> str:
        return self._keep("arch", lambda: run(["apk", "--print-arch"]).stdout.strip() or os.uname().machine)

    def forget(self) -> None:
        self._kept.clear()

    def installed(self) -> List[Dict[str, Any]]:
        asked_for = {one.name for one in self._world()}
        return [
            {
                "name": one.name,
                "version": one.version,
                "arch": one.arch,
                "source": one.origin,
                "source_version": one.version,
                "section": "",
                "origin": "",
                "suite": None,
                "manual": one.name in asked_for,
            }
            for one in self._packages()
        ]

    def holds(self) -> List[str]:
        return sorted({one.name for one in self._world() if one.pinned})

    def broken(self) -> Dict[str, Any]:
        return installed_and_world.describe_broken(self._packages())

    def repositories(self) -> List[Dict[str, Any]]:
        readable = repositories.readable(run(["apk", "version", "--indexes"]).stdout)
        told = {one["repository"]: one["message"] for one in self._kept.get("refresh_errors", [])}
        found = []
        for one in self._sources():
            uri = without_credentials(cast(str, one["uri"]))
            error = told.get(uri)
            if error is None and uri not in readable:
                error = "its index can't be read, or was never fetched"
            found.append(repositories.describe(uri, one["tag"], _read_seconds_ago(), error))
        return found

    def security_source(self, repositories: List[Dict[str, Any]]) -> Dict[str, Any]:
        return unmarked_security.judge(repositories, self._pending(), "Alpine")

    def refresh(self) -> List[Dict[str, Any]]:
        self.forget()
        answer = run(["apk", "update", "--no-progress"], timeout=_TIME_LIMIT)
        uris = [without_credentials(cast(str, one["uri"])) for one in self._sources()]
        output = without_credentials(answer.stdout + "\n" + answer.stderr)
        errors = repositories.parse_complaints(output, uris)
        if answer.rc != 0 and not errors:
            errors = [{"repository": None, "message": f"apk update {how_ended(answer.rc, _TIME_LIMIT)}"}]
        self._kept["refresh_errors"] = errors
        return errors

    def updates(self) -> List[Dict[str, Any]]:
        newer = run(["apk", "version", "-l", "<"], timeout=_TIME_LIMIT)
        simulated = run(["apk", "upgrade", "--simulate", "--no-progress"], timeout=_TIME_LIMIT)
        for answer in (newer, simulated):
            if answer.rc != 0:
                complaint = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:] or ["nothing"]
                raise DriverError(
                    "repository_unreadable",
                    f"apk can't say what is newer: {without_credentials(complaint[0])}",
                    "Run apk update and apk fix on the host, and repair what they complain about.",
                )
        return updates.find_updates(self._packages(), newer.stdout, simulated.stdout, self.holds())

    def lock_holder(self) -> Optional[Dict[str, Any]]:
        return file_locks.find_holder([os.path.join(path, "lock") for path in _DATABASES])

    def kernel_packages(self) -> List[Dict[str, Any]]:
        return [
            {"release": release, "package": one.name, "version": one.version}
            for one in self._packages()
            for release in one.kernels
        ]

    def owners(self, paths: List[str]) -> Dict[str, str]:
        found = run(["apk", "info", "--who-owns"] + paths).stdout if paths else ""
        return dict(_OWNED.findall(found))

    def space_paths(self) -> List[Dict[str, str]]:
        return [{"path": "/var/cache/apk", "purpose": "cache"}]

    def _pending(self) -> Optional[int]:
        try:
            return len(self.updates())
        except DriverError:
            return None

    def _packages(self) -> List[Package]:
        return self._keep("packages", _read_packages)

    def _world(self) -> List[installed_and_world.Wish]:
        return self._keep("world", lambda: installed_and_world.parse_world(read_text_or_none(_WORLD) or ""))

    def _sources(self) -> List[Dict[str, Optional[str]]]:
        paths = [path for pattern in _REPOSITORIES for path in sorted(glob.glob(pattern))]
        return [
            one for path in paths for one in repositories.parse_repositories(read_text_or_none(path) or "")
        ]

    def _keep(self, name: str, read: Callable[[], T]) -> T:
        if name not in self._kept:
            self._kept[name] = read()
        return cast(T, self._kept[name])


def _read_packages() -> List[Package]:
    for path in _DATABASES:
        text = read_text_or_none(os.path.join(path, "installed"))
        if text is not None:
            try:
                return installed_and_world.parse_installed(text)
            except ValueError as error:
                raise DriverError(
                    "interrupted_packages",
                    f"{path}/installed is damaged: {error}",
                    "Restore it from a backup.",
                )
    raise DriverError(
        "interrupted_packages", "apk's database of installed packages is gone.", "Restore it from a backup."
    )


def _read_seconds_ago() -> Optional[int]:
    times = [os.stat(path).st_mtime for pattern in _INDEXES for path in glob.glob(pattern)]
    return max(0, int(time.time() - max(times))) if times else None
