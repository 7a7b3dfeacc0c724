# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package files: how they are named here, and whether one is the build that is installed."""

from typing import Dict, List

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.pacman.databases import Package
from ansible_collections.patchops.fleet.plugins.module_utils.process import run

_TIME_LIMIT = 600


def file_name(name: str, version: str, arch: str) -> str:
    """Return the name under which we keep a package, however it is compressed."""
    return f"{name}-{version}-{arch}.pkg"


def describes(path: str, present: Package) -> bool:
    """Tell whether a file is sound, and the very build of the package that is installed."""
    about = run(["bsdtar", "-xOqf", path, ".PKGINFO"], timeout=_TIME_LIMIT)
    if about.rc != 0:
        return False
    fields = parse_pkginfo(about.stdout)
    wanted = {
        "pkgname": present.name,
        "pkgver": present.version,
        "arch": present.arch,
        "builddate": str(present.built_at),
        "packager": present.packager,
        "size": str(present.size),
    }
    if any(fields.get(key, [""])[0] != value for key, value in wanted.items()):
        return False
    # Listing the contents unpacks everything: a file that is cut short is found out.
    return run(["bsdtar", "-tf", path], timeout=_TIME_LIMIT).rc == 0


def parse_pkginfo(text: str) -> Dict[str, List[str]]:
    """Return the fields of .PKGINFO: ``key = value`` lines, keys may come more than once."""
    fields: Dict[str, List[str]] = {}
    for line in text.splitlines():
        key, sign, value = line.partition(" = ")
        if sign and not line.startswith("#"):
            fields.setdefault(key.strip(), []).append(value.strip())
    return fields
