# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rpm database has, asked of rpm itself."""

from typing import Any, Container, Dict, Iterable, List, Optional, Set, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.kernel_files import find_files
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm import command
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf.rpm_packages import (
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

    A kernel is what has an image, or modules, that a package owns: what kernels provide differs among
    distributions, and names do all the more.
    """
    kernels = []
    for release, paths in find_files().items():
        found = next((owner for owner in map(_owner, paths) if owner), None)
        if found is not None:
            kernels.append({"release": release, "package": found[0], "version": found[1]})
    return in_order(kernels)


def in_order(kernels: Iterable[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return kernels from the oldest to the newest."""
    return sorted(kernels, key=lambda one: (key(one["version"]), one["release"]))


def _owner(path: str) -> Optional[Tuple[str, str]]:
    """Return name and version of the package that owns a file."""
    answer = run(
        ["rpm", "-qf", "--queryformat", "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n", path]
    )
    name, _tab, version = answer.stdout.partition("\n")[0].partition("\t")
    return (name, version) if answer.rc == 0 and version else None
