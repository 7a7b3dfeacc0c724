# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring packages onto the host before anything changes: those of the plan, and those of the way back."""

import os
import shutil
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)

# See RpmDriver.download.
Download = Callable[[List[Dict[str, str]], str], List[Dict[str, Any]]]


def acquire(download: Download, plan: Dict[str, Any], directory: str) -> List[str]:
    """Put every package that `plan` installs into `directory`; return the paths.

    Files that are there already, with the planned bytes, are kept: after a crash only the rest is downloaded.
    Raises DriverError when one can't be had, has other bytes than planned, or a bad signature.
    """
    coming = {
        command.file_name(one["name"], one["to"], one["arch"]): one for one in plan["packages"] if one["to"]
    }
    missing = {
        name: one for name, one in coming.items() if sha256_of(os.path.join(directory, name)) != one["sha256"]
    }
    errors = _download(
        download,
        [_wanted(one["name"], one["to"], one["arch"]) for one in missing.values()],
        directory,
    )
    for name, one in missing.items():
        found = sha256_of(os.path.join(directory, name))
        if found == one["sha256"] and errors[name] is None:
            continue
        if found and errors[name] is None:
            raise DriverError(
                "checksum_mismatch",
                f"{one['name']} {one['to']} has other bytes than planned. Nothing was changed.",
                "Find out who altered the mirror or a proxy before it.",
            )
        code = _code(errors[name] or "")
        raise DriverError(
            code,
            f"{one['name']} {one['to']} could not be had: {errors[name]}. Nothing was changed.",
            "Free space where the package manager keeps what it downloads, then call again."
            if code == "no_space"
            else "Repair the repository or the way to it, then call again.",
        )
    return [os.path.join(directory, name) for name in coming]


def acquire_way_back(
    download: Download, plan: Dict[str, Any], directory: str, nearby: Iterable[str]
) -> List[Dict[str, Any]]:
    """Put what `plan` replaces or removes into `directory`.

    Return [{name, arch, version, how, file, sha256, size}]; `how` is cache or repository, and None when the
    package could not be had. A file counts only when it is the very build that is installed.
    """
    going = [
        _wanted(one["name"], one["from"], one.get("from_arch", one["arch"]))
        for one in plan["packages"]
        if one["from"]
    ]
    installed = command.installed_identities([_nevra(one) for one in going])
    hows: Dict[str, Optional[str]] = dict.fromkeys(
        _take_nearby(going, installed, [directory] + list(nearby), directory), "cache"
    )
    wanted = [one for one in going if one["file"] not in hows]
    _download(download, wanted, directory)
    for one, _path in _builds(wanted, installed, [directory]):
        hows[one["file"]] = "repository"
    return [_material(one, directory, hows.get(one["file"])) for one in going]


def _wanted(name: str, version: str, arch: str) -> Dict[str, str]:
    return {"name": name, "version": version, "arch": arch, "file": command.file_name(name, version, arch)}


def _download(download: Download, packages: List[Dict[str, str]], directory: str) -> Dict[str, Optional[str]]:
    """Download what can be had; return what was wrong, by file name."""
    if not packages:
        return {}
    found = download(packages, directory)
    return {
        one["file"]: without_credentials(one["error"]) if one["error"] is not None else None for one in found
    }


def _take_nearby(
    packages: List[Dict[str, str]], installed: Dict[str, str], places: List[str], directory: str
) -> List[str]:
    """Copy what one of `places` has into `directory`; return the names of the files that are there now."""
    taken: List[str] = []
    for one, source in _builds(packages, installed, places):
        target = os.path.join(directory, one["file"])
        if one["file"] not in taken:
            if source != target:
                shutil.copyfile(source, target)
            taken.append(one["file"])
    return taken


def _builds(
    packages: List[Dict[str, str]], installed: Dict[str, str], places: List[str]
) -> List[Tuple[Dict[str, str], str]]:
    """Return (package, path) of the files in `places` that are the very builds that are installed."""
    found = []
    for one in packages:
        # In a package manager's own cache files are named without the epoch.
        names = sorted({one["file"], _without_epoch(one["file"])}, key=lambda name: name != one["file"])
        paths = [os.path.join(place, name) for place in places for name in names]
        found += [(one, path) for path in paths if os.path.exists(path)]
    builds = command.file_identities([path for _one, path in found])
    return [
        (one, path) for one, path in found if path in builds and builds[path] == installed.get(_nevra(one))
    ]


def _nevra(package: Dict[str, str]) -> str:
    return command.nevra(package["name"], package["version"], package["arch"])


def _without_epoch(name: str) -> str:
    head, mark, tail = name.partition("%3a")
    if not mark:
        return name
    return "{}-{}".format(head.rpartition("-")[0], tail)


def _material(package: Dict[str, str], directory: str, how: Optional[str]) -> Dict[str, Any]:
    path = os.path.join(directory, package["file"])
    return {
        "name": package["name"],
        "arch": package["arch"],
        "version": package["version"],
        "how": how,
        "file": package["file"] if how else None,
        "sha256": sha256_of(path) if how else None,
        "size": os.path.getsize(path) if how else 0,
    }


def _code(problem: str) -> str:
    if "signature" in problem or "not signed" in problem:
        return "repository_unsigned"
    # libcurl's words where it can't keep what it received, and the kernel's.
    if "Failed writing" in problem or "No space left on device" in problem:
        return "no_space"
    damaged = any(word in problem.lower() for word in ("checksum", "digest"))
    return "checksum_mismatch" if damaged else "download_failed"
