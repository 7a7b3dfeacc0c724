# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which name and version a feed knows an installed package, and whether it speaks of it at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNKNOWN_PUBLISHER = "unknown publisher"
"""The origin of packages of which nobody tells who made them."""

# Origins (deb), vendors (rpm) and repositories (pacman) whose packages a distribution's advisories are about.
# Files tell no origin: there "" counts as the distribution's.
_OWN = {
    "almalinux": {"AlmaLinux", "AlmaLinux OS Foundation"},
    "alpine": {"Alpine", "Alpine Linux"},
    "amzn": {"Amazon Linux", "Amazon.com, Inc."},
    "arch": {"Arch Linux", "core", "extra", "community", "multilib"},
    "centos": {"CentOS", "CentOS Project"},
    "debian": {"Debian"},
    "epel": {"Fedora Project"},
    "fedora": {"Fedora Project"},
    "ol": {"Oracle America"},
    "opensuse-leap": {"openSUSE", "SUSE LLC <https://www.suse.com/>"},
    "rhel": {"Red Hat, Inc."},
    "rocky": {"Rocky", "Rocky Enterprise Software Foundation"},
    "sled": {"SUSE LLC <https://www.suse.com/>"},
    "sles": {"SUSE LLC <https://www.suse.com/>"},
    # FIPS builds have advisories of their own, whose versions the plain ones' can't be compared with.
    "ubuntu": {"Ubuntu", "UbuntuESM", "UbuntuESMApps"},
}
# The revision of a Debian or Ubuntu package (of a native one its version): numbers, and the marks by which
# the distributions tell uploads apart. Others name themselves or the release: "1~bookworm", "1.pgdg120+1".
_MARK = (
    r"(?:deb\w*?\d+u\d+|nmu\d+|b\d+|bpo\d+\+\d+|build\d+|ubuntu\d+|esm\d+|exp\d+|rc\d+|really\d*|dfsg\d*"
    r"|ds\d*|etch\d+|lenny\d+|squeeze\d+|wheezy\d+|git\w*|f\d+)"
)
_OWN_REVISION = re.compile(rf"(?:[\d.]+|{_MARK})(?:[+~.]?{_MARK}|[+~.]\d[\d.]*[a-z]?)*")
_BACKPORT = re.compile(r"~bpo\d")
_DEBIAN_LINUX = re.compile(r"linux-signed-[a-z0-9]+")
_DEBIAN_HELPER = re.compile(r"(grub)-efi-[a-z0-9]+-signed|(shim)-helpers-[a-z0-9]+-signed")
_UBUNTU_LINUX = re.compile(r"linux-signed(-[a-z0-9.-]+)?")


def is_foreign(family: str, package: Mapping[str, Any]) -> bool:
    """True for packages of other publishers and backports, of which the distribution's advisories don't
    speak."""
    return bool(foreign_origin(family, package))


def foreign_origin(family: str, package: Mapping[str, Any]) -> str:
    """Whose package it is where it is not the distribution's, "backports" for those; else "". See origins.py
    for the packages of live hosts that tell none.

    Where nobody tells the origin, which files never do, a version in a form that the distribution's packages
    don't have shows that the package is somebody else's.
    """
    origin, version = package.get("origin") or "", package.get("version") or ""
    if origin and origin not in _OWN.get(family, {origin}):
        return str(origin)
    if family == "debian" and (
        "-backports" in (package.get("suite") or "") or _BACKPORT.search(version) is not None
    ):
        return str(origin or "backports")
    if not origin and family in ("debian", "ubuntu") and not _is_own_version(package):
        return UNKNOWN_PUBLISHER
    return ""


def is_doubtful(family: str, package: Mapping[str, Any]) -> bool:
    """Whether a package may be the distribution's, although nobody tells who publishes it."""
    by_form = family in ("debian", "ubuntu") and not _is_own_version(package)
    return package.get("origin") == UNKNOWN_PUBLISHER and not by_form


def _is_own_version(package: Mapping[str, Any]) -> bool:
    version = str(package.get("source_version") or package.get("version") or "")
    _upstream, hyphen, revision = version.rpartition("-")
    return _OWN_REVISION.fullmatch(revision if hyphen else version.rpartition(":")[2]) is not None


def source_of(family: str, package: Mapping[str, Any]) -> tuple[str, str]:
    """The source package and its version as advisories call them.

    Signed packages are built from a source of their own that repeats the real one's version in its own way:
    linux-signed-amd64 5.10.223+1 is linux 5.10.223-1.
    """
    name = package.get("source") or package["name"]
    version = package.get("source_version") or package["version"]
    return rename(family, name, version)


def rename(family: str, name: str, version: str) -> tuple[str, str]:
    """The real source and version behind a signed one; any other pair as it is."""
    if family == "debian":
        if _DEBIAN_LINUX.fullmatch(name):
            return "linux", version.replace("+", "-", 1)
        if helper := _DEBIAN_HELPER.fullmatch(name):
            # "1+2.06+13+deb12u1": its own version, the real upstream version, the real revision.
            _upstream, _separator, real = version.partition("+")
            return ("grub2" if helper[1] else "shim"), real.replace("+", "-", 1)
    if family == "ubuntu":
        if linux := _UBUNTU_LINUX.fullmatch(name):
            return f"linux{linux[1] or ''}", version
        if name == "grub2-signed":
            return "grub2", version.partition("+")[2]
    return name, version


def other_names(package: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, version and kind (as Affected.arch has it) of an RPM's source, and of its module."""
    found = []
    if source := package.get("source"):
        found.append((str(source), source_rpm_version(package), "src"))
    if module := package.get("module"):
        found.append((str(module).partition(":")[0], str(package.get("module_version") or ""), "module"))
    return found


def source_rpm_version(package: Mapping[str, Any]) -> str:
    """The version of an RPM's source. Without its epoch, which no RPM tells, unless it is the binary's
    own."""
    own = str(package["version"])
    epoch, _separator, plain = own.rpartition(":")
    version = str(package.get("source_version") or plain).rpartition(":")[2]
    return f"{epoch or '0'}:{plain}" if version == plain else version


def comparable(version: str, other: str, kind: str) -> str:
    """A version that can be compared with another; a source RPM's file name does not tell the epoch."""
    if kind == "src" and ":" not in version and ":" in other:
        return f"{other.partition(':')[0]}:{version}"
    return version
