# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring packages onto the host before anything changes: those of the plan, and those of the way back."""

import os
import shutil
from typing import Any, Dict, Iterable, List, Optional
from urllib.parse import quote

from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman import lists, view
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.configuration import (
    Configuration,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.package_files import (
    describes,
    file_name,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)

_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
# How packages are compressed, the usual way first: Arch's are zst since 2020.
_ENDINGS = (".pkg.tar.zst", ".pkg.tar.xz", ".pkg.tar.gz", ".pkg.tar")
_SIGNATURE = ".sig"
# Lists of mirrors have hundreds, and those that are behind the others are not among the first.
_SERVERS = 3


def acquire(configuration: Configuration, plan: Dict[str, Any], directory: str) -> List[str]:
    """Put every package that `plan` installs into `directory`; return the paths.

    Files that are there already, with the planned bytes, are kept: after a crash only the rest is downloaded.
    Raises DriverError when one can't be had, has other bytes than planned, or a bad signature.
    """
    coming = {file_name(one["name"], one["to"], one["arch"]): one for one in plan["packages"] if one["to"]}
    missing = {
        name: one for name, one in coming.items() if sha256_of(os.path.join(directory, name)) != one["sha256"]
    }
    problem = _download(configuration, list(missing.values()), directory) if missing else ""
    for name, one in missing.items():
        found = sha256_of(os.path.join(directory, name))
        if found == one["sha256"]:
            continue
        if found:
            raise _altered(one)
        raise DriverError(
            _code(problem),
            f"{one['name']} {one['to']} could not be had: "
            f"{problem or 'the repositories offer another version now'}. Nothing was changed.",
            "Repair the repository or the way to it, then call again.",
        )
    return [os.path.join(directory, name) for name in coming]


def acquire_way_back(
    configuration: Configuration,
    plan: Dict[str, Any],
    installed: Dict[str, Package],
    directory: str,
    nearby: Iterable[str],
) -> List[Dict[str, Any]]:
    """Put what `plan` replaces or removes into `directory`.

    Return [{name, arch, version, how, file, sha256, size}]; `how` is cache or repository, and None when the
    package could not be had. A file counts only when it is the very build that is installed.
    """
    material = []
    for one in plan["packages"]:
        if not one["from"]:
            continue
        present = installed[one["name"]]
        how = None
        if _from_nearby(present, [directory] + list(nearby) + configuration.caches, directory):
            how = "cache"
        elif _from_servers(configuration, present, directory):
            how = "repository"
        material.append(_material(present, directory, how))
    return material


def _download(configuration: Configuration, wanted: List[Dict[str, Any]], directory: str) -> str:
    """Download what can be had; return what pacman complained about."""
    partial = os.path.join(directory, ".partial")
    os.makedirs(partial, exist_ok=True)
    targets = [f"{one['suite']}/{one['name']}" for one in wanted]
    with view.View(configuration.for_reading(), lists=lists.directory(configuration)) as asked:
        # Exactly these: what they depend on is part of the plan. A bad one stays there to be looked at.
        operation = ["-Sw", "--ask", "8", "--noprogressbar", "-dd"]
        result = asked.run(operation + targets, cache=partial, timeout=_DOWNLOAD_LIMIT)
    if result.rc == 0:
        for one in wanted:
            _take(partial, one["name"], one["to"], one["arch"], directory)
    else:
        # Nobody has checked the signatures of what is there.
        for one in wanted:
            found = _find(partial, one["name"], one["to"], one["arch"])
            if found and sha256_of(found) != one["sha256"]:
                shutil.rmtree(partial, ignore_errors=True)
                raise _altered(one)
    shutil.rmtree(partial, ignore_errors=True)
    return without_credentials(view.described(view.errors(result)))


def _take(source: str, name: str, version: str, arch: str, directory: str) -> None:
    """Move a package with its signature from one directory to the other, under the name that it has there."""
    found = _find(source, name, version, arch)
    target = os.path.join(directory, file_name(name, version, arch))
    for ending in (_SIGNATURE, ""):
        if found and os.path.exists(found + ending):
            os.replace(found + ending, target + ending)


def _find(directory: str, name: str, version: str, arch: str) -> Optional[str]:
    """Return the path of a package as pacman names it, None when it is not there."""
    paths = [os.path.join(directory, f"{name}-{version}-{arch}{ending}") for ending in _ENDINGS]
    return next((path for path in paths if os.path.exists(path)), None)


def _from_nearby(present: Package, places: List[str], directory: str) -> bool:
    own = file_name(present.name, present.version, present.arch)
    names = [own] + [f"{present.name}-{present.version}-{present.arch}{ending}" for ending in _ENDINGS]
    target = os.path.join(directory, own)
    for source in (os.path.join(place, name) for place in places for name in names):
        if not os.path.exists(source) or not describes(source, present):
            continue
        if source != target:
            for ending in ("", _SIGNATURE):
                if os.path.exists(source + ending):
                    shutil.copyfile(source + ending, target + ending)
        return True
    return False


def _from_servers(configuration: Configuration, present: Package, directory: str) -> bool:
    """Ask the servers for a version that their lists don't name any more: many keep the files for a while."""
    partial = os.path.join(directory, ".partial")
    os.makedirs(partial, exist_ok=True)
    try:
        for repository in configuration.repositories:
            with view.View(configuration.for_fetching(repository["checks"])) as asked:
                for address in _addresses(repository["servers"], present):
                    operation = ["-Uw", "--noconfirm", "--noprogressbar", "-dd"]
                    answer = asked.run(operation, partial, _DOWNLOAD_LIMIT, targets=[address])
                    if answer.rc != 0:
                        continue
                    _take(partial, present.name, present.version, present.arch, directory)
                    if _from_nearby(present, [directory], directory):
                        return True
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return False


def _addresses(servers: List[str], present: Package) -> List[str]:
    name = quote(f"{present.name}-{present.version}-{present.arch}")
    return [
        f"{server.rstrip('/')}/{name}{ending}" for server in servers[:_SERVERS] for ending in _ENDINGS[:3]
    ]


def _material(present: Package, directory: str, how: Optional[str]) -> Dict[str, Any]:
    name = file_name(present.name, present.version, present.arch)
    path = os.path.join(directory, name)
    return {
        "name": present.name,
        "arch": present.arch,
        "version": present.version,
        "how": how,
        "file": name if how else None,
        "sha256": sha256_of(path) if how else None,
        "size": os.path.getsize(path) if how else 0,
    }


def _altered(one: Dict[str, Any]) -> DriverError:
    return DriverError(
        "checksum_mismatch",
        f"{one['name']} {one['to']} has other bytes than its signed index says. Nothing was changed.",
        "Find out who altered the mirror or a proxy before it.",
    )


def _code(problem: str) -> str:
    return "repository_unsigned" if "signature" in problem else "download_failed"
