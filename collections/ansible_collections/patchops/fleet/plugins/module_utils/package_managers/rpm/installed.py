# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rpm database has, asked of rpm itself."""

import glob
from typing import Any, Container, Dict, List, Set

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside.records import (
    Package,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import run
from ansible_collections.patchops.fleet.plugins.module_utils.versions.rpm import key

# What a packager wrote freely comes last.
_FORMAT = (
    "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{INSTALLTIME}\\t%{LONGSIZE}"
    "\\t%{SOURCERPM}\\t%{GROUP}\\t%{VENDOR}\\n"
)
_FIELDS = _FORMAT.count("\\t")
_IMAGES = (
    "/usr/lib/modules/*/vmlinu[xz]",
    "/usr/lib/modules/*/[Ii]mage",
    "/boot/vmlinu[xz]-*",
    "/boot/[Ii]mage-*",
)
# Keys are kept in the database as packages.
_KEYS = "gpg-pubkey"


def read_installed(automatic: Container[str]) -> List[Package]:
    """Return the installed packages; `automatic`: the names of those that came for others.

    Raises DriverError when rpm can't read its database.
    """
    answer = run(["rpm", "-qa", "--queryformat", _FORMAT], timeout=300)
    if answer.rc != 0:
        raise DriverError(
            "interrupted_packages",
            "rpm can't read its database: " + command.complaint(answer.stderr or answer.stdout),
            "See whether rpm -qa works on the host; rpm --rebuilddb makes the rpm database anew.",
        )
    return parse_installed(answer.stdout, automatic)


def parse_installed(text: str, automatic: Container[str]) -> List[Package]:
    """Return the packages that `rpm -qa` lists, by name."""
    found = []
    for line in text.splitlines():
        fields = [field if field != "(none)" else "" for field in line.split("\t", _FIELDS)]
        if len(fields) <= _FIELDS or fields[0] == _KEYS:
            continue  # the rest of a vendor with a line feed in its name
        found.append(
            Package(
                name=fields[0],
                arch=fields[2],
                version=fields[1],
                source_rpm=fields[5],
                vendor=fields[7],
                section=fields[6],
                repository=None,
                recorded="",
                manual=fields[0] not in automatic,
                sha256=None,
                download_bytes=0,
                disk_bytes=int(fields[4] or 0),
                installed_at=int(fields[3] or 0),
                found=[],
            )
        )
    return sorted(found, key=lambda one: (one.name, one.arch, key(one.version)))


def names_providing(capability: str) -> Set[str]:
    """Return the names of the installed packages that provide a capability."""
    answer = run(["rpm", "-q", "--queryformat", "%{NAME}\\n", "--whatprovides", capability])
    return set(answer.stdout.split()) if answer.rc == 0 else set()


def read_kernels() -> List[Dict[str, Any]]:
    """Return the installed kernels, oldest first: [{release, package, version}].

    A kernel is an image that a package owns, since what kernels provide differs among distributions.
    """
    kernels = {}
    for path in sorted(path for pattern in _IMAGES for path in glob.glob(pattern)):
        if path.endswith((".gz", ".xz")):
            continue  # a copy with symbols, for debuggers
        release = path.split("/")[-2] if path.startswith("/usr/lib/modules/") else path.partition("-")[2]
        answer = run(
            ["rpm", "-qf", "--queryformat", "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n", path]
        )
        name, _tab, version = answer.stdout.partition("\n")[0].partition("\t")
        if answer.rc == 0 and version:
            kernels[release] = {"release": release, "package": name, "version": version}
    return sorted(kernels.values(), key=lambda one: (key(one["version"]), one["release"]))
