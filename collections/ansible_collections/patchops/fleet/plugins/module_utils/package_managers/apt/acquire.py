# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring packages onto the host before anything changes: those of the plan, and those of the way back."""

import os
import re
import shutil
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.files import sha256_of
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.apt import (
    commands,
    rebuild,
    simulation,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.uris import (
    without_credentials,
)

Package = Tuple[str, str, str]  # name, arch, version

CACHE = "/var/cache/apt/archives"

_DOWNLOAD = ["-o", "Acquire::Retries=3", "-o", "APT::Sandbox::User=root", "-q", "download"]
_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
_AT_ONCE = 200
_OTHER_BYTES = re.compile("Hash Sum mismatch|unexpected size")


def acquire(plan: Dict[str, Any], directory: str, native: str) -> List[str]:
    """Put every package that `plan` installs into `directory`; return the paths.

    Files that are there already, with the planned bytes, are kept: after a crash only the rest is downloaded.
    Raises DriverError when one can't be had or has other bytes than the signed index named in the plan.
    """
    coming = {
        os.path.join(directory, commands.file_name(one["name"], one["to"], one["arch"])): one
        for one in plan["packages"]
        if one["to"]
    }
    missing = [one for path, one in coming.items() if sha256_of(path) != one["sha256"]]
    problem = _download([(one["name"], one["arch"], one["to"]) for one in missing], directory, native)
    for path, one in coming.items():
        found = sha256_of(path)
        if found == one["sha256"]:
            continue
        if found or _OTHER_BYTES.search(problem):
            raise DriverError(
                "checksum_mismatch",
                f"{one['name']} {one['to']} has other bytes than its signed index says. Nothing was changed.",
                "Find out who altered the mirror or a proxy before it.",
            )
        raise DriverError(
            "download_failed",
            f"{one['name']} {one['to']} could not be downloaded: {problem or 'apt left no file'}. "
            "Nothing was changed.",
            "Repair the repository or the way to it, then call again.",
        )
    return list(coming)


def acquire_way_back(
    plan: Dict[str, Any], directory: str, native: str, nearby: Iterable[str], rebuilding: bool
) -> List[Dict[str, Any]]:
    """Put what `plan` replaces or removes into `directory`.

    Return [{name, arch, version, how, file, sha256, size}]; `how` is cache, repository or rebuilt, and None
    when the package could not be had. `nearby`: more directories that may hold packages. Packages are rebuilt
    from their installed files only when `rebuilding`.
    """
    going = [
        (one["name"], one.get("from_arch", one["arch"]), one["from"])
        for one in plan["packages"]
        if one["from"]
    ]
    expected = _served(going, native)
    places = [CACHE] + list(nearby)
    hows: Dict[Package, str] = {}
    for package in going:
        if _is_sound(package, os.path.join(directory, _file(package)), expected):
            hows[package] = "cache"  # fetched by an earlier attempt
        elif _from_nearby(package, places, directory, expected):
            hows[package] = "cache"
    wanted = [package for package in going if package not in hows and package in expected]
    _download(wanted, directory, native)
    for package in wanted:
        if _is_sound(package, os.path.join(directory, _file(package)), expected):
            hows[package] = "repository"
    for package in going:
        target = os.path.join(directory, _file(package, "rebuilt"))
        if rebuilding and package not in hows and rebuild.rebuild(package, target):
            hows[package] = "rebuilt"
    return [_material(package, directory, hows.get(package)) for package in going]


def _file(package: Package, how: str = "") -> str:
    """Return a package's file name; a rebuilt one has another, lest it is taken for the original later."""
    name, arch, version = package
    original = commands.file_name(name, version, arch)
    return original[: -len("deb")] + "rebuilt.deb" if how == "rebuilt" else original


def _material(package: Package, directory: str, how: Optional[str]) -> Dict[str, Any]:
    name, arch, version = package
    path = os.path.join(directory, _file(package, how or ""))
    return {
        "name": name,
        "arch": arch,
        "version": version,
        "how": how,
        "file": os.path.basename(path) if how else None,
        "sha256": sha256_of(path) if how else None,
        "size": os.path.getsize(path) if how else 0,
    }


def _download(packages: List[Package], directory: str, native: str) -> str:
    """Download what can be had; return what apt complained about."""
    complaints = []
    for start in range(0, len(packages), _AT_ONCE):
        specs = [
            commands.spec(name, arch, version, native)
            for name, arch, version in packages[start : start + _AT_ONCE]
        ]
        result = process.run(
            ["apt-get"] + _DOWNLOAD + specs,
            timeout=_DOWNLOAD_LIMIT,
            env=commands.NONINTERACTIVE,
            cwd=directory,
        )
        if result.rc != 0:
            complaints += [without_credentials(text) for text in simulation.errors(result.stderr)]
            complaints = complaints or [f"apt-get download {process.how_ended(result.rc, _DOWNLOAD_LIMIT)}"]
    return "; ".join(complaints)


def _served(packages: List[Package], native: str) -> Dict[Package, str]:
    """Return the SHA-256 of those packages that a repository still has."""
    if not packages:
        return {}
    shown = commands.apt_cache_show(
        [commands.spec(name, arch, version, native) for name, arch, version in packages]
    )
    return {
        (record["name"], record["arch"], record["version"]): record["sha256"]
        for record in simulation.records(shown)
        if record["served"] and record["sha256"]
    }


def _from_nearby(package: Package, places: List[str], directory: str, expected: Dict[Package, str]) -> bool:
    name = _file(package)
    for place in places:
        source = os.path.join(place, name)
        if not _is_sound(package, source, expected):
            continue
        target = os.path.join(directory, name)
        if os.path.exists(target):
            os.unlink(target)
        try:
            os.link(source, target)  # no second copy of the bytes where both are on one file system
        except OSError:
            shutil.copyfile(source, target)
        return True
    return False


def _is_sound(package: Package, path: str, expected: Dict[Package, str]) -> bool:
    """Tell whether a file is this package, by the signed index, or by itself where no index has it now."""
    try:
        found = sha256_of(path)
    except OSError:
        return False  # no plain file, or behind a link that others could have made
    if found is None:
        return False
    if package in expected:
        return found == expected[package]
    fields = process.run(["dpkg-deb", "--showformat=${Package} ${Architecture} ${Version}", "--show", path])
    # Listing the contents unpacks everything: a file that is cut short is found out.
    return (
        fields.stdout == " ".join(package)
        and process.run(["dpkg-deb", "--contents", path], timeout=600).rc == 0
    )
